"""Colours and type of the app: system fonts only, so that the page asks no other host for anything."""

from __future__ import annotations

import gradio as gr

SANS = [
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "Helvetica Neue",
    "Arial",
    "sans-serif",
]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]


def theme() -> gr.themes.Base:
    """Returns the theme; `style.css` adds what belongs to single components."""
    base = gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        radius_size="md",
        text_size="md",
        spacing_size="md",
        font=SANS,
        font_mono=MONO,
    )
    return base.set(
        body_background_fill="#faf9f7",
        body_background_fill_dark="#171614",
        # Controls lie flat on the page; only the cards are boxes.
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_padding="0px",
        block_shadow="none",
        block_label_text_weight="500",
        block_title_text_weight="600",
        block_title_text_size="0.875rem",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        block_info_text_size="0.8125rem",
        block_info_text_color="#67625a",
        block_info_text_color_dark="#aaa49a",
        input_background_fill="white",
        input_background_fill_dark="#201f1c",
        input_border_width="1px",
        input_border_width_dark="1px",
        input_border_color="#d5d1c9",
        input_border_color_dark="#4a4741",
        checkbox_label_background_fill="white",
        checkbox_label_background_fill_dark="#201f1c",
        checkbox_label_background_fill_selected="#e6f4f2",
        checkbox_label_background_fill_selected_dark="#123330",
        checkbox_label_border_width="1px",
        checkbox_label_border_width_dark="1px",
        checkbox_label_border_color="#d5d1c9",
        checkbox_label_border_color_dark="#4a4741",
        checkbox_label_text_weight="400",
        slider_color="*primary_700",
        slider_color_dark="*primary_500",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        button_secondary_background_fill="white",
        button_secondary_background_fill_dark="#201f1c",
        button_secondary_border_color="#d5d1c9",
        button_secondary_border_color_dark="#4a4741",
        button_border_width="1px",
        button_border_width_dark="1px",
        button_large_text_size="0.9375rem",
        button_large_padding="0.5rem 0.9rem",
    )
