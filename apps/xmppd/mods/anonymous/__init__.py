"""anonymous — what mod_anonymous decides, without a process."""
