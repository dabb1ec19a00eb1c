"""The content of the sample: three applications, their pages, and the page that each action leads to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """One element of a location stack."""

    kind: str
    id: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One event that a visitor can cause on a page.

    ``stack`` is the location stack below the page's root. ``weight`` is the relative frequency of the action on its page, and
    ``eager`` the same for a visitor who is likely to convert. ``to`` is the page that it leads to.
    """

    event: str
    stack: tuple[Location, ...]
    to: str
    weight: int
    eager: int
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A state of a visit: a page, or a page with a form open or a video playing."""

    name: str
    path: str
    root: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """An application. A visit starts on its first page, where it is loaded, or on its second page."""

    id: str
    pages: tuple[Page, ...]


def _nav(id_: str) -> Location:
    return Location("NavigationContext", id_)


def _content(id_: str) -> Location:
    return Location("ContentContext", id_)


def _overlay(id_: str) -> Location:
    return Location("OverlayContext", id_)


def _expandable(id_: str) -> Location:
    return Location("ExpandableContext", id_)


def _do(event: str, *stack: Location, to: str, weight: int = 4, eager: int | None = None, message: str | None = None) -> Action:
    return Action(event, stack, to, weight, weight if eager is None else eager, message)


def _link(*within: Location, id_: str, href: str, to: str, weight: int = 4, eager: int | None = None) -> Action:
    return _do("PressEvent", *within, Location("LinkContext", id_, href), to=to, weight=weight, eager=eager)


def _press(*within: Location, id_: str, to: str, weight: int = 4, eager: int | None = None) -> Action:
    return _do("PressEvent", *within, Location("PressableContext", id_), to=to, weight=weight, eager=eager)


def _input(*within: Location, id_: str, to: str, weight: int = 4) -> Action:
    return _do("InputChangeEvent", *within, Location("InputContext", id_), to=to, weight=weight)


def _media(event: str, *within: Location, id_: str, to: str, weight: int = 4) -> Action:
    return _do(event, *within, Location("MediaPlayerContext", id_), to=to, weight=weight)


def _load(to: str, weight: int) -> Action:
    return _do("ApplicationLoadedEvent", to=to, weight=weight)


QUICKSTART = "/docs/home/quickstart-guide/"

# Ids that break incorrect quoting in JSON, SQL, URLs, format strings or regular expressions.
ODD_IDS = (
    'say "hello"',
    "it's",
    "back\\slash\\n",
    "café crème",
    "日本語ガイド",
    "🚀 launch 👩‍💻",
    "100 % off, %s and %(name)s",
    "$1 and ${name}",
    "12345",
    '{"a": [1]}',
    "a_b%c; --",
)

ODD_ACTIONS = (
    *(
        _link(_content("search-results"), id_=id_, href=f"/blog/{number}", to="blog", weight=1)
        for number, id_ in enumerate(ODD_IDS)
    ),
    _link(_nav("menu"), _nav("menu"), id_="nested", href="/menu", to="blog", weight=1),
    _do("FailureEvent", to="blog", weight=1, message="nothing found for “é”"),
)

_WEBSITE = Application(
    "objectiv-website",
    (
        Page("load", "https://objectiv.io/", "home", (_load("home", 6), _load("features", 1), _load("blog", 2))),
        Page(
            "home",
            "https://objectiv.io/",
            "home",
            (
                _do("VisibleEvent", to="home", weight=4),
                _do("VisibleEvent", _content("hero"), to="home", weight=7),
                _link(_nav("navbar-top"), id_="Quickstart Guide", href=QUICKSTART, to="home", weight=1, eager=4),
                _link(_content("hero"), id_="Quickstart Guide", href=QUICKSTART, to="home", weight=1, eager=5),
                _link(_nav("navbar-top"), id_="Features", href="/features", to="features", weight=8),
                _link(_nav("navbar-top"), id_="Pricing", href="/pricing", to="pricing", weight=5, eager=10),
                _link(_nav("navbar-top"), id_="Blog", href="/blog", to="blog", weight=7),
                _link(_nav("footer"), _content("social"), id_="GitHub", href="https://github.com/objectiv", to="home"),
                _press(_content("hero"), id_="Try the demo", to="signup", weight=4, eager=8),
                _media("MediaLoadEvent", _content("video"), id_="intro", to="home", weight=4),
                _media("MediaStartEvent", _content("video"), id_="intro", to="playing", weight=4),
            ),
        ),
        Page(
            "features",
            "https://objectiv.io/features",
            "features",
            (
                _do("VisibleEvent", _content("modeling"), to="features", weight=6),
                _do("VisibleEvent", _content("tracking"), _expandable("details"), to="features"),
                _press(_content("tracking"), _expandable("details"), id_="toggle", to="features", weight=6),
                _do("HiddenEvent", _content("tracking"), _expandable("details"), to="features", weight=2),
                _press(_content("modeling"), _content("tabs"), id_="tab-sql", to="features"),
                _link(_nav("navbar-top"), id_="Pricing", href="/pricing", to="pricing", weight=5, eager=9),
                _link(_nav("navbar-top"), id_="logo", href="/", to="home", weight=5),
                _link(_content("next-steps"), id_="Quickstart Guide", href=QUICKSTART, to="features", weight=1, eager=4),
            ),
        ),
        Page(
            "pricing",
            "https://objectiv.io/pricing",
            "pricing",
            (
                _do("VisibleEvent", _content("plans"), to="pricing", weight=6),
                _press(_content("plans"), _content("billing"), id_="yearly", to="pricing", weight=6),
                _press(_content("plans"), _content("team"), id_="Start trial", to="signup", weight=3, eager=9),
                _press(_content("faq"), _expandable("cancel"), id_="question", to="pricing", weight=3),
                _do("HiddenEvent", _content("faq"), _expandable("cancel"), to="pricing", weight=2),
                _link(_nav("navbar-top"), id_="logo", href="/", to="home", weight=5),
            ),
        ),
        Page(
            "signup",
            "https://objectiv.io/signup",
            "home",
            (
                _do("VisibleEvent", _overlay("signup"), to="signup", weight=4),
                _input(_overlay("signup"), _content("form"), id_="email", to="signup", weight=6),
                _input(_overlay("signup"), _content("form"), id_="name", to="signup", weight=4),
                _press(_overlay("signup"), _content("form"), id_="submit", to="submitted", weight=5),
                _do("HiddenEvent", _overlay("signup"), to="home", weight=3),
            ),
        ),
        Page(
            "submitted",
            "https://objectiv.io/signup",
            "home",
            (
                _do("SuccessEvent", _overlay("signup"), _content("form"), to="home", weight=3, message="signed up"),
                _do("FailureEvent", _overlay("signup"), _content("form"), to="signup", weight=1, message="email: invalid"),
            ),
        ),
        Page(
            "playing",
            "https://objectiv.io/",
            "home",
            (
                _media("MediaPauseEvent", _content("video"), id_="intro", to="paused", weight=3),
                _media("MediaStopEvent", _content("video"), id_="intro", to="home", weight=3),
            ),
        ),
        Page(
            "paused",
            "https://objectiv.io/",
            "home",
            (
                _media("MediaStartEvent", _content("video"), id_="intro", to="playing", weight=3),
                _media("MediaStopEvent", _content("video"), id_="intro", to="home", weight=2),
            ),
        ),
        Page(
            "blog",
            "https://objectiv.io/blog",
            "blog",
            (
                _link(_content("posts"), _content("post-1"), id_="read more", href="/blog/1", to="blog", weight=30),
                _link(_content("posts"), _content("post-2"), id_="read more", href="/blog/2", to="blog", weight=20),
                _input(_nav("sidebar"), id_="search", to="blog", weight=20),
                _press(_content("posts"), id_="load more", to="blog", weight=15),
                _link(_nav("navbar-top"), id_="logo", href="/", to="home", weight=40),
                *ODD_ACTIONS,
            ),
        ),
    ),
)

_DOCS = Application(
    "objectiv-docs",
    (
        Page("load", "https://objectiv.io/docs/", "home", (_load("home", 5), _load("modeling", 2))),
        Page(
            "home",
            "https://objectiv.io/docs/",
            "home",
            (
                _do("VisibleEvent", _nav("sidebar"), to="home", weight=4),
                _link(
                    _nav("sidebar"),
                    _expandable("get-started"),
                    id_="Quickstart Guide",
                    href=QUICKSTART,
                    to="home",
                    weight=1,
                    eager=5,
                ),
                _link(_nav("sidebar"), id_="Tracking", href="/docs/tracking", to="tracking", weight=6),
                _link(_nav("sidebar"), id_="Modeling", href="/docs/modeling", to="modeling", weight=8),
                _press(_nav("navbar-top"), id_="search", to="search", weight=5),
            ),
        ),
        Page(
            "tracking",
            "https://objectiv.io/docs/tracking/",
            "tracking",
            (
                _press(_content("install"), _content("tabs"), id_="react", to="tracking", weight=6),
                _press(_content("install"), _content("tabs"), id_="browser", to="tracking", weight=4),
                _press(_content("install"), _content("code"), id_="copy", to="tracking", weight=5, eager=9),
                _link(_nav("breadcrumbs"), id_="home", href="/docs/", to="home", weight=5),
            ),
        ),
        Page(
            "modeling",
            "https://objectiv.io/docs/modeling/",
            "modeling",
            (
                _do("VisibleEvent", _nav("sidebar"), _expandable("open-model-hub"), to="modeling", weight=4),
                _link(
                    _nav("sidebar"),
                    _expandable("open-model-hub"),
                    _expandable("models"),
                    _content("map"),
                    id_="is_new_user",
                    href="/docs/modeling/models/is_new_user",
                    to="modeling",
                    weight=6,
                ),
                _link(
                    _nav("sidebar"),
                    _expandable("open-model-hub"),
                    _content("aggregate"),
                    id_="unique_users",
                    href="/docs/modeling/models/unique_users",
                    to="modeling",
                    weight=5,
                ),
                _press(_content("example"), _content("code"), id_="copy", to="modeling", weight=4, eager=8),
                _link(_nav("breadcrumbs"), id_="home", href="/docs/", to="home", weight=6),
            ),
        ),
        Page(
            "search",
            "https://objectiv.io/docs/",
            "home",
            (
                _do("VisibleEvent", _overlay("search"), to="search", weight=2),
                _input(_overlay("search"), id_="query", to="search", weight=6),
                _link(
                    _overlay("search"), _content("results"), id_="first result", href="/docs/modeling/", to="modeling", weight=5
                ),
                _do("HiddenEvent", _overlay("search"), to="home", weight=2),
            ),
        ),
    ),
)

_MOBILE = Application(
    "objectiv-mobile",
    (
        Page("load", "/", "home", (_load("home", 1),)),
        Page(
            "home",
            "/",
            "home",
            (
                _do("VisibleEvent", _content("feed"), to="home", weight=8),
                _press(_nav("tab-bar"), id_="Metrics", to="metrics", weight=7),
                _press(_nav("tab-bar"), id_="Settings", to="settings", weight=3),
                _media("MediaStartEvent", _content("feed"), _content("card"), id_="tour", to="tour", weight=3),
                _link(
                    _nav("tab-bar"),
                    _overlay("help"),
                    id_="Quickstart Guide",
                    href="https://objectiv.io" + QUICKSTART,
                    to="home",
                    weight=1,
                    eager=4,
                ),
            ),
        ),
        Page(
            "tour",
            "/",
            "home",
            (
                _media("MediaPauseEvent", _content("feed"), _content("card"), id_="tour", to="home", weight=1),
                _media("MediaStopEvent", _content("feed"), _content("card"), id_="tour", to="home", weight=3),
            ),
        ),
        Page(
            "metrics",
            "/metrics",
            "metrics",
            (
                _press(_content("chart"), id_="zoom", to="metrics", weight=6),
                _press(_content("chart"), _overlay("range"), id_="last 30 days", to="metrics", weight=4),
                _press(_nav("tab-bar"), id_="Home", to="home", weight=5),
            ),
        ),
        Page(
            "settings",
            "/settings",
            "settings",
            (
                _input(_content("account"), id_="nickname", to="settings", weight=3),
                _do("SuccessEvent", _content("account"), to="settings", weight=2, message="saved"),
                _press(_nav("tab-bar"), id_="Home", to="home", weight=5),
            ),
        ),
    ),
)

#: The applications; the odd actions belong to the first one.
APPLICATIONS = (_WEBSITE, _DOCS, _MOBILE)


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a visit. ``eager`` is the percentage of its visitors who are likely to convert.

    ``marketing`` is the source, medium, campaign and term of the campaign of the visit, if there is one.
    """

    weight: int
    eager: int
    referrer: str
    marketing: tuple[str, str, str, str | None] | None = None


#: About 30% of the visits come from a campaign.
SOURCES = (
    Source(34, 8, ""),
    Source(22, 10, "https://www.google.com/"),
    Source(8, 16, "https://github.com/objectiv/objectiv-analytics"),
    Source(6, 5, "https://news.ycombinator.com/"),
    Source(9, 20, "https://www.google.com/", ("google", "cpc", "brand", "objectiv")),
    Source(7, 8, "https://www.google.com/", ("google", "cpc", "competitors", "open source analytics")),
    Source(6, 6, "https://t.co/", ("twitter", "social", "launch", None)),
    Source(4, 28, "", ("newsletter", "email", "2022-q1 release", None)),
    Source(4, 12, "https://www.reddit.com/r/datascience/", ("reddit", "paid_social", "café & co: 50 %", None)),
)

#: The last one is the mobile application's.
USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/97.0.4692.71 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/15.2 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:96.0) Gecko/20100101 Firefox/96.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 15_2 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "objectiv-mobile/1.4 (Android 12)",
)

LOCALES = ("en", "en", "en", "nl", "de", "fr", "ja", "pt-BR")

INPUT_VALUES = ("", "retention", "how to count users?", "O'Brien", "søk", "検索", "50%", "a@example.com")
