"""Options: the values that they accept, where they apply, and their documentation."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import objectiv_local as ol
from objectiv_local.errors import AttributeNotFound, InvalidType
from objectiv_local.preferences import Options


@pytest.fixture
def options() -> Iterator[Options]:
    yield ol.options
    del ol.options.preview, ol.options.progress


def test_options_are_undecided_at_first(options: Options) -> None:
    assert options.preview is None
    assert options.progress is None


def test_an_assigned_option_holds_for_every_thread(options: Options) -> None:
    options.preview = True
    seen = []
    thread = threading.Thread(target=lambda: seen.append(ol.options.preview))
    thread.start()
    thread.join()
    assert seen == [True]
    del options.preview
    assert options.preview is None


def test_a_block_sets_options_for_its_thread_until_it_ends(options: Options) -> None:
    options.preview = True
    seen = []
    with options(preview=False, progress=True) as given:
        assert given is options
        assert (options.preview, options.progress) == (False, True)
        thread = threading.Thread(target=lambda: seen.append((ol.options.preview, ol.options.progress)))
        thread.start()
        thread.join()
        with options(preview=None):
            assert (options.preview, options.progress) == (None, True)
        assert options.preview is False
        options.preview = None  # until the block ends
        assert options.preview is None
        options.progress = None
    assert seen == [(True, None)]
    assert (options.preview, options.progress) == (True, None)


def test_a_block_that_fails_restores_options(options: Options) -> None:
    with pytest.raises(KeyError), options(preview=False):
        raise KeyError
    assert options.preview is None


@pytest.mark.parametrize("value", [1, 0, "yes", "False", 1.0, []])
def test_other_values_are_refused(options: Options, value: object) -> None:
    with pytest.raises(InvalidType, match="the option preview has to be True, False or None, not"):
        options.preview = value  # type: ignore[assignment]
    with pytest.raises(InvalidType, match="the option progress has to be"), options(progress=value):  # type: ignore[arg-type]
        pass
    assert options.preview is None


def test_unknown_options_are_refused_with_the_nearest_one(options: Options) -> None:
    for use in (
        lambda: options.previews,
        lambda: setattr(options, "previews", True),
        lambda: delattr(options, "previews"),
        lambda: options(previews=True).__enter__(),
    ):
        with pytest.raises(AttributeNotFound, match="no option 'previews'\nhint: did you mean 'preview'"):
            use()


def test_the_repr_documents_each_option(options: Options) -> None:
    options.progress = False
    lines = repr(options).splitlines()
    assert lines[1].startswith("  preview  = None   # show rows of frames")
    assert lines[2].startswith("  progress = False  # show progress of queries")
    assert dir(options) == ["preview", "progress"]
