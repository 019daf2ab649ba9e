"""The few pages that are plain HTML: share links, another device, the API's reference."""
