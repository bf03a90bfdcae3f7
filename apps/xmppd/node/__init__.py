"""What the parent process and the workers are made of: home, ports, configuration in force, control socket."""
