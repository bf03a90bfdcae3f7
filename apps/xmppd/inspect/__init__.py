"""look — what an operator may see and try on the live nodes; each file has the parent's half and the workers' half."""
