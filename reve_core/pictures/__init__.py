"""Picture bytes: what they are, whether they are whole, their small copies, and what is written beside the pixels."""
