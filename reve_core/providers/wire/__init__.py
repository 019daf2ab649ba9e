"""What adapters that speak HTTP share: one exchange, files from listed hosts, and other people's text made harmless."""
