"""
What keeps a public link up and strangers out, before Streamlit sees a request: headers, hosts, sockets and uploads.

Streamlit's own pages come without a policy of any kind, and nothing in it limits how often one visitor may make it work.
"""
