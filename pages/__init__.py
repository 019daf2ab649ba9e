"""The screens. They read inputs, call the service and draw the answer; nothing here outlives a script run."""
