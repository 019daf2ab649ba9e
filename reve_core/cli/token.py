"""Make, list and revoke the tokens by which programs use the HTTP API."""

import argparse
import sys

from reve_core import bootstrap
from reve_core.errors import NotFound
from reve_core.service import Studio


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token and print it, once")
    create.add_argument("name", help="what it is for, up to 80 characters")
    create.set_defaults(act=_create)
    listing = actions.add_parser(
        "list", help="list tokens by id and name, newest first; the tokens themselves are not kept"
    )
    listing.set_defaults(act=_list)
    revoke = actions.add_parser("revoke", help="end a token at once and for good")
    revoke.add_argument("id", help="as `list` shows it")
    revoke.set_defaults(act=_revoke)


def run(options: argparse.Namespace) -> int:
    studio = bootstrap.build(bootstrap.load_settings())
    try:
        options.act(studio, options)
    finally:
        studio.stop(0)
    return 0


def _create(studio: Studio, options: argparse.Namespace) -> None:
    made, token = studio.visitors.make_token(options.name)
    # On stderr, so that the token is all there is on stdout.
    print(f"Token {made.id} is made. Copy it now: it is not kept and cannot be shown again.", file=sys.stderr)
    print(token)


def _list(studio: Studio, _: argparse.Namespace) -> None:
    tokens = studio.visitors.tokens()
    if not tokens:
        print("There are no tokens. Make one with: python -m reve_core token create NAME", file=sys.stderr)
    for token in tokens:
        state = "valid" if token.revoked_at is None else f"revoked {token.revoked_at:%Y-%m-%d}"
        print(f"{token.id}  {token.created_at:%Y-%m-%d %H:%M}  {state:18}  {token.name}")


def _revoke(studio: Studio, options: argparse.Namespace) -> None:
    if not studio.visitors.revoke_token(options.id):
        raise NotFound("There is no valid token with this id. `python -m reve_core token list` shows them all.")
    print("Revoked. Whoever uses it is refused from now on.")
