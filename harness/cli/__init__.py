"""What the commands of ``python -m harness`` do."""
