"""
Is this text something that must not be made here? Decided from the text and a policy file alone, without a network.

``Moderator`` judges; ``remote.RemoteModeration`` is the optional second opinion of a service.
"""

from reve_core.guard.moderation.engine import Action, Moderator, Verdict
from reve_core.guard.moderation.messages import message

__all__ = ["Action", "Moderator", "Verdict", "message"]
