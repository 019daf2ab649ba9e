"""What can be asked for, and for how much."""

from __future__ import annotations

from starlette.responses import Response

from reve_core.web.api.endpoint import Call, Operation, tagged
from reve_core.web.api.shapes import ModelShape, Providers, ProviderShape


async def list_(call: Call) -> Response:
    found = [
        ProviderShape(
            name=view.name,
            title=view.title,
            label=view.label,
            paused=view.paused,
            models=[
                ModelShape(id=model.id, title=model.title, capabilities=model.capabilities) for model in view.models
            ],
        )
        for view in call.studio.catalogue.providers()
    ]
    return tagged(call.request, Providers(providers=found))


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/providers",
        "listProviders",
        "List providers, their models, capabilities and prices",
        list_,
        {200: Providers, 304: None},
        problems=(503,),
        headers={"If-None-Match": "An earlier ETag: 304 where nothing has changed."},
        gives=("ETag",),
        group="Providers",
        about="Prices are forecasts for one picture, in credits and US dollars.",
    ),
)
