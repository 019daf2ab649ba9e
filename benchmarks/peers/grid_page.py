"""
The usual way to put many pictures side by side with Streamlit, as tutorials do it: columns, and ``st.image`` of a path.

What a large comparison's page is measured against. ``PICTURES`` is a folder with a folder of pictures for each value of
``?of=``, in the sequence of their names; without one the page is a title, the least that a script can do.

    PICTURES=folder streamlit run benchmarks/peers/grid_page.py
"""

import os
from pathlib import Path

import streamlit as st

COLUMNS = 32

st.set_page_config(layout="wide")
st.title("Which prompt is better?")
chosen = st.query_params.get("of")
if chosen:
    paths = sorted((Path(os.environ["PICTURES"]) / Path(chosen).name).iterdir())
    for first in range(0, len(paths), COLUMNS):
        for column, path in zip(st.columns(COLUMNS), paths[first : first + COLUMNS], strict=True):
            column.image(str(path))
