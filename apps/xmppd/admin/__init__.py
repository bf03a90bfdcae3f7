"""What commands do: on the parent, on a worker."""
