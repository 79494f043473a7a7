"""The Gradio app. `build_app(service)` makes the page; nothing here touches a tensor but behind `service`.

`build` puts the page together out of the `tabs`, whose scripts and words are in `web/`; `service` loads models, answers
questions and keeps caches, and imports neither torch nor gradio; `questions` are what visitors ask, as plain data;
`endpoints` are what programs ask.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    build="build_app launch mount",
)
