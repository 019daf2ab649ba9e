"""
What every provider promises. An adapter's test module inherits ``ProviderContract`` and gives it a ``provider``:

    class TestSketch(ProviderContract):
        @pytest.fixture
        def provider(self):
            with closing(SketchProvider()) as provider:
                yield provider

``model`` says which of its models is meant, and defaults to the first. Requests are complete, as they leave the intake:
an empty ratio has been filled in there.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from PIL import Image

from reve_core.errors import CallCancelled, NotCharged, ProviderError, RequestRejected
from reve_core.models import JobRequest, ModelInfo, Picture, Receipt, Ticket, ratio_of
from reve_core.ports import CallContext, Health, Provider, Resumable

CONTEXT = CallContext(key="job-1", timeout_s=30)

# Nominal ratios are loose: Reve's own 4:3 is nearly 4 % off, and a small picture rounds to whole pixels.
RATIO_TOLERANCE = 0.06
MOST_PREVIEW_BYTES = 64 * 1024  # one goes to every open page for each step

STRANGE_PROMPTS = [
    pytest.param("قطة تشرب الشاي", id="written from the right"),
    pytest.param("a 🦊 in a 👩‍🚀 suit", id="emoji and joiners"),
    pytest.param('"quotes", \\backslashes\\ and {braces}', id="what JSON must escape"),
    pytest.param("<svg onload=alert(1)>&amp;", id="markup"),
    pytest.param("line one\nline two\ttab", id="lines and tabs"),
    pytest.param("nul \x00 and bell \x07", id="control characters"),
    pytest.param("half \ud83e a character", id="a lone surrogate"),
    pytest.param("z" + "̈" * 300, id="a tower of accents"),
    pytest.param(".", id="hardly anything"),
    pytest.param(" \n ", id="nothing but blanks"),
]


def size_of(picture: Picture) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture.data)) as image:
        image.load()
        return image.size


def is_picture_or(no: type[ProviderError], provider: Provider, request: JobRequest, context: CallContext) -> bool:
    """A picture that opens, or this kind of no with words in it; any other error goes through."""
    try:
        return min(size_of(provider.generate(request, context))) > 0
    except no as error:
        return bool(str(error))


class ProviderContract:
    @pytest.fixture
    def provider(self) -> Provider:
        raise NotImplementedError("An adapter's tests say which provider is meant.")

    @pytest.fixture
    def model(self, provider: Provider) -> ModelInfo:
        return provider.models[0]

    @pytest.fixture
    def request_(self, model: ModelInfo) -> JobRequest:
        return JobRequest(
            prompt="a red fox under a paper lantern", aspect_ratio=model.capabilities.default_ratio, model=model.id
        )

    @pytest.fixture
    def ratios(self, model: ModelInfo) -> Sequence[str]:
        """Those to try: all of them, unless drawing takes an adapter long."""
        return model.capabilities.aspect_ratios

    # ---------------------------------------------------------------- what it says of itself

    def test_its_name_can_be_stored_and_its_title_and_label_can_be_shown(self, provider: Provider) -> None:
        assert provider.name
        assert provider.name == provider.name.lower()
        assert provider.title
        assert provider.label
        assert isinstance(provider.idempotent, bool)
        assert not set(provider.sends_to) & set("/@ ")  # a host, or nothing

    def test_it_has_models_and_each_has_an_id_of_its_own(self, provider: Provider) -> None:
        ids = [model.id for model in provider.models]
        assert ids
        assert all(ids)
        assert len(set(ids)) == len(ids)
        assert all(model.title for model in provider.models)

    def test_its_capabilities_hold_together(self, model: ModelInfo) -> None:
        can = model.capabilities
        assert can.default_ratio in can.aspect_ratios
        assert len(set(can.aspect_ratios)) == len(can.aspect_ratios)
        assert all(ratio_of(ratio) for ratio in can.aspect_ratios)
        assert can.max_prompt_chars > 0
        assert 0 <= can.typical_s[0] <= can.typical_s[1]
        assert can.price.credits >= 0
        assert can.price.usd >= 0

    # ---------------------------------------------------------------- pictures

    def test_it_draws_a_picture_that_opens(self, provider: Provider, request_: JobRequest) -> None:
        picture = provider.generate(request_, CONTEXT)
        assert isinstance(picture.data, bytes)
        assert min(size_of(picture)) > 0

    def test_a_ratio_it_offers_comes_out_in_that_shape(
        self, provider: Provider, ratios: Sequence[str], request_: JobRequest
    ) -> None:
        for ratio in ratios:
            width, height = size_of(provider.generate(request_.model_copy(update={"aspect_ratio": ratio}), CONTEXT))
            wanted = ratio_of(ratio)
            assert width / height == pytest.approx(wanted[0] / wanted[1], rel=RATIO_TOLERANCE), ratio

    def test_no_model_named_means_the_first(self, provider: Provider) -> None:
        ratio = provider.models[0].capabilities.default_ratio
        assert size_of(provider.generate(JobRequest(prompt="a fox", aspect_ratio=ratio), CONTEXT))

    @pytest.mark.parametrize("prompt", STRANGE_PROMPTS)
    def test_a_strange_prompt_gives_a_picture_or_a_plain_no(
        self, provider: Provider, request_: JobRequest, prompt: str
    ) -> None:
        # Not through JobRequest's own checks: what a store gives back is not checked again either.
        request = request_.model_copy(update={"prompt": prompt})
        assert is_picture_or(RequestRejected, provider, request, CONTEXT)

    def test_a_prompt_of_exactly_the_longest_length_is_accepted(
        self, provider: Provider, model: ModelInfo, request_: JobRequest
    ) -> None:
        # Code points, and the widest ones: a count of bytes or of UTF-16 units would refuse this.
        longest = ("🦊 " * model.capabilities.max_prompt_chars)[: model.capabilities.max_prompt_chars]
        assert size_of(provider.generate(request_.model_copy(update={"prompt": longest}), CONTEXT))

    def test_calls_from_several_threads_all_get_their_pictures(self, provider: Provider, request_: JobRequest) -> None:
        requests = [request_.model_copy(update={"prompt": f"fox number {number}"}) for number in range(4)]
        with ThreadPoolExecutor(4) as threads:
            pictures = list(
                threads.map(
                    lambda item: provider.generate(item[1], replace(CONTEXT, key=f"job-{item[0]}")), enumerate(requests)
                )
            )
        assert all(size_of(picture) for picture in pictures)

    def test_the_same_seed_gives_the_same_picture(
        self, provider: Provider, model: ModelInfo, request_: JobRequest
    ) -> None:
        if not model.capabilities.seed:
            pytest.skip("this model takes no seed")
        seeded = request_.model_copy(update={"seed": 7})
        picture = provider.generate(seeded, CONTEXT).data
        assert picture == provider.generate(seeded, CONTEXT).data
        assert picture != provider.generate(request_.model_copy(update={"seed": 8}), CONTEXT).data

    # ---------------------------------------------------------------- receipts

    def test_a_receipt_can_be_stored_and_read_back(self, provider: Provider, request_: JobRequest) -> None:
        receipt = provider.generate(request_, CONTEXT).receipt
        assert Receipt.model_validate_json(receipt.model_dump_json()) == receipt

    def test_a_layout_comes_with_the_picture_where_it_is_promised(
        self, provider: Provider, model: ModelInfo, request_: JobRequest
    ) -> None:
        layout = provider.generate(request_, CONTEXT).receipt.layout
        if not model.capabilities.layout:
            pytest.skip("this model promises no layout")
        assert layout is not None
        assert layout.regions
        assert len({region.label for region in layout.regions}) == len(layout.regions)
        for region in layout.regions:
            assert 0 <= region.bbox.x0 < region.bbox.x1 <= 1
            assert 0 <= region.bbox.y0 < region.bbox.y1 <= 1

    # ---------------------------------------------------------------- answers that can be asked for again

    def test_every_model_promises_to_be_picked_up_or_none_does(self, provider: Provider) -> None:
        can = isinstance(provider, Resumable)
        assert [model.id for model in provider.models if model.capabilities.resumes is not can] == []

    def test_an_accepted_request_has_a_ticket_by_which_its_picture_can_be_asked_for(
        self, provider: Provider, request_: JobRequest
    ) -> None:
        tickets: list[Ticket] = []
        picture = provider.generate(request_, replace(CONTEXT, accepted=tickets.append))
        if not isinstance(provider, Resumable):
            assert tickets == []
            pytest.skip("what it lost cannot be asked for")
        ticket = Ticket.model_validate_json(tickets[-1].model_dump_json())
        assert ticket == tickets[-1]
        assert request_.prompt not in ticket.model_dump_json()
        assert provider.resume(ticket, request_, CONTEXT).data == picture.data

    # ---------------------------------------------------------------- saying no

    def test_a_model_it_does_not_have_is_rejected_before_anything_is_bought(
        self, provider: Provider, request_: JobRequest
    ) -> None:
        with pytest.raises(RequestRejected):
            provider.generate(request_.model_copy(update={"model": "no-such-model"}), CONTEXT)

    def test_a_ratio_it_does_not_have_is_rejected_before_anything_is_bought(
        self, provider: Provider, request_: JobRequest
    ) -> None:
        with pytest.raises(RequestRejected):
            provider.generate(request_.model_copy(update={"aspect_ratio": "7:5"}), CONTEXT)

    def test_a_prompt_that_is_too_long_is_rejected_before_anything_is_bought(
        self, provider: Provider, model: ModelInfo, request_: JobRequest
    ) -> None:
        with pytest.raises(RequestRejected):
            provider.generate(
                request_.model_copy(update={"prompt": "x" * (model.capabilities.max_prompt_chars + 1)}), CONTEXT
            )

    def test_a_call_cancelled_before_it_began_is_stopped_or_carried_out(
        self, provider: Provider, request_: JobRequest
    ) -> None:
        assert is_picture_or(CallCancelled, provider, request_, replace(CONTEXT, is_cancelled=lambda: True))

    # ---------------------------------------------------------------- beside the call

    def test_progress_is_a_fraction_or_nothing(self, provider: Provider, request_: JobRequest) -> None:
        seen: list[float | None] = []

        def progress(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
            seen.append(fraction)

        provider.generate(request_, replace(CONTEXT, progress=progress))
        assert all(fraction is None or 0 <= fraction <= 1 for fraction in seen)

    def test_a_check_says_in_words_how_it_is(self, provider: Provider) -> None:
        health = provider.check()
        assert isinstance(health, Health)
        assert health.ok
        assert health.text.strip()

    def test_closing_twice_does_no_harm_and_a_call_after_it_buys_nothing_unsaid(
        self, provider: Provider, request_: JobRequest
    ) -> None:
        provider.close()
        provider.close()
        assert is_picture_or(NotCharged, provider, request_, CONTEXT)
