"""What can be asked for, and for how much."""

from __future__ import annotations

from starlette.responses import Response

from reve_core.web.api.endpoint import Call, Operation, tagged
from reve_core.web.api.shapes import ModelShape, Providers, ProviderShape


async def list_(call: Call) -> Response:
    catalogue = call.studio.catalogue
    found = [
        ProviderShape(
            name=view.name,
            title=view.title,
            label=view.label,
            paused=view.paused,
            reason=view.why(public=call.studio.visitors.public),
            until=view.state.until if view.state is not None and view.paused else None,
            models=[
                ModelShape(
                    id=model.id,
                    title=model.title,
                    capabilities=model.capabilities,
                    usual_s=usual.seconds,
                    from_history=usual.from_history,
                )
                for model in view.models
                for usual in [catalogue.usually(view.name, model)]
            ],
        )
        for view in catalogue.providers()
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
        about="Prices are forecasts for one picture, in credits and US dollars, with the day and the place they were read. "
        "What is charged in the end is in each job's `credits_used` and `usd_used`.",
    ),
)
