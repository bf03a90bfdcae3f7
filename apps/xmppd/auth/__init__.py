"""auth — accounts and their SCRAM keys."""
