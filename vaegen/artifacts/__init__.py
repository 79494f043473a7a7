"""What is made from a checkpoint and lies beside it, checked against its weights."""
