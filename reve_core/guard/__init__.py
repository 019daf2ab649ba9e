"""Rules about who may do what: values in, a decision out."""
