"""What an issuer is handed: rows and documents become typed records, with remarks for the clerk."""
