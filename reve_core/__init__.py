"""The product without a screen: jobs, pictures and the providers that make them. Imports no Streamlit."""

__version__ = "0.1.0"
