"""What to train (`recipe`) and how (`loop`): the paper's protocol, and nothing that it lacks."""
