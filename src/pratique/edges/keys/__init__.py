"""Where private keys live: encrypted files and PKCS#11 tokens, named by URI."""
