"""docs/ml-reference.md: the reference of the scikit-learn bridge, from its docstrings."""

from __future__ import annotations

import inspect
import re
from typing import Any

from objectiv_local import ml
from objectiv_local.ml import metrics
from tools.docs.members import parameter

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


def value(name: str) -> Any:
    """Return what a name on the page stands for."""
    found = metrics if name.startswith("metrics.") else ml
    return getattr(found, name.rpartition(".")[2])


def parts(member: Any) -> tuple[str, str]:
    """Return the text of a docstring without its example, and the example."""
    doc = inspect.getdoc(member) or ""
    text, _, example = doc.partition(">>>")
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip()), f">>>{example}".rstrip() if example else ""


def signature(name: str, member: Any) -> str:
    """Return a name with its parameters, or alone if it is a property."""
    if isinstance(member, property):
        return name
    found = inspect.signature(member).parameters.values()
    return f"{name}({', '.join(parameter(each) for each in found if each.name not in {'self', 'cls'})})"


def page() -> str:
    """Return the page."""
    lines = [
        "# Reference of the scikit-learn bridge",
        "",
        (
            "What `objectiv_local.ml` offers, beside the guide in [ml.md](ml.md). Everything here works on DuckDB and on "
            "Postgres. Transformers and models are scikit-learn's classes: what is not said here is as scikit-learn says it. "
            "`make tables` writes this page."
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


def anchor(name: str) -> str:
    """Return the anchor of the section of a name."""
    return name.lower().replace(".", "")
