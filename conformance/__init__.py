"""Other people's test cases, read by what Pratique reads in earnest."""
