"""The reference of the scikit-learn bridge, from its docstrings; each public name has one, with an example that runs.

The page is docs/ml-reference.md; `OBJECTIV_UPDATE_NAMES=1` writes it again, for review.
"""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path

import pytest
from ml.against import RELEASE

from objectiv_local import ml
from objectiv_local.ml import metrics

PAGE = Path(__file__).parents[2] / "docs" / "ml-reference.md"

#: Public names by what they are for.
TOPICS = {
    "Rows for scikit-learn": ["xy", "XY", "batches"],
    "Splits": ["split", "folds", "HashKFold"],
    "Transformers": [
        "StandardScaler",
        "MinMaxScaler",
        "MaxAbsScaler",
        "RobustScaler",
        "SimpleImputer",
        "OneHotEncoder",
        "OrdinalEncoder",
        "KBinsDiscretizer",
        "TargetEncoder",
        "Compose",
    ],
    "Models": ["LinearRegression", "Ridge", "LogisticRegression", "KMeans", "fit_batches"],
    "Scores": ["score"],
    "Metrics": [f"metrics.{name}" for name in metrics.__all__],
    "Features of events": ["Features", "Label", "location_counts", "SequenceCounts"],
    "Definitions and fingerprints": ["spec", "from_spec", "fingerprint"],
}
NAMES = [name for names in TOPICS.values() for name in names]
#: Methods that are worth a line of their own; the others are scikit-learn's.
METHODS = {
    "Features": ["add", "label", "at", "feature_names", "label_names"],
    "SequenceCounts": ["fit", "transform", "fit_transform", "triples", "entities", "get_feature_names_out"],
    "HashKFold": ["split", "get_n_splits"],
    "StandardScaler": ["fit", "transform", "fit_transform", "inverse_transform", "to_sklearn", "from_sklearn"],
    "TargetEncoder": ["fit", "transform", "fit_transform"],
    "LogisticRegression": ["fit", "predict", "predict_proba", "decision_function", "score"],
    "KMeans": ["fit", "predict", "transform", "score"],
}


def value(name):
    found = metrics if name.startswith("metrics.") else ml
    return getattr(found, name.rpartition(".")[2])


def parts(member):
    """Return the text of a docstring without its example, and the example."""
    doc = inspect.getdoc(member) or ""
    text, _, example = doc.partition(">>>")
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip()), f">>>{example}".rstrip() if example else ""


def signature(name, member):
    if isinstance(member, property):
        return name
    shown = []
    for each in inspect.signature(member).parameters.values():
        if each.name in ("self", "cls"):
            continue
        mark = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(each.kind.name, "")
        shown.append(mark + each.name + ("" if each.default is inspect.Parameter.empty else f"={each.default!r}"))
    return f"{name}({', '.join(shown)})"


def page() -> str:
    lines = [
        "# Reference of the scikit-learn bridge",
        "",
        (
            "What `objectiv_local.ml` offers, beside the guide in [ml.md](ml.md). Everything here works on DuckDB and on "
            "Postgres. Transformers and models are scikit-learn's classes: what is not said here is as scikit-learn says it. "
            "`tests/names/test_ml.py` writes this page."
        ),
        "",
    ]
    for topic, names in TOPICS.items():
        lines += [f"- **{topic}**: " + ", ".join(f"[`{name}`](#{anchor(name)})" for name in names)]
    for topic, names in TOPICS.items():
        lines += ["", f"## {topic}"]
        for name in names:
            member = value(name)
            text, example = parts(member)
            lines += ["", f"### {name}", "", f"`{signature(name, member)}`", "", text]
            if example:
                lines += ["", "```pycon", example, "```"]
            for method in METHODS.get(name, ()):
                found = inspect.getattr_static(member, method)
                found = found.__func__ if isinstance(found, classmethod) else found
                lines += ["", f"`.{signature(method, found)}`: {parts(found)[0]}"]
    return "\n".join(lines) + "\n"


def anchor(name):
    return name.lower().replace(".", "")


def test_every_public_name_is_on_the_page():
    assert sorted(name for name in NAMES if "." not in name) == sorted(name for name in ml.__all__ if name != "metrics")


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_says_what_it_is_and_shows_it(name):
    text, example = parts(value(name))
    assert text.endswith((".", ":"))
    assert example or name == "XY", name


@pytest.mark.skipif(RELEASE < (1, 9), reason="the page shows the parameters that scikit-learn has in its release 1.9")
def test_the_page_is_up_to_date():
    text = page()
    if os.environ.get("OBJECTIV_UPDATE_NAMES"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text("utf-8") == text
