"""A run's settings as a script in plain Keras: shown, and to download."""

from collections.abc import Callable

import streamlit as st

from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig
from digitlab.training.keras_script import write_keras_script
from digitlab.ui.text import render_error


def render_code(read_config: Callable[[], TrainConfig], file_name: str, *, key: str) -> None:
    """Render an expander with the script, which is written once it is open.

    Args:
        read_config: raises a ConfigError if the settings are invalid, as those of an old model.
        file_name: of the download, without `.py`.
        key: identifies it on its page.
    """
    expander = st.expander(
        "The code, in plain Keras", icon=":material/code:", key=key, on_change="rerun"
    )
    if not expander.open:
        return
    with expander:
        try:
            render_script(read_config(), file_name, key=key)
        except ConfigError as error:
            render_error(error)


def render_script(config: TrainConfig, file_name: str, *, key: str) -> None:
    """Render the script and its download; arguments as `render_code`.

    Raises:
        ConfigError: the data set is unknown.
    """
    script = write_keras_script(config)
    st.caption(
        "What these settings do, in one file without digitlab. It needs Keras and TensorFlow: "
        "`pip install tensorflow`."
    )
    st.download_button(
        "Download the script",
        script,
        file_name=f"{file_name}.py",
        mime="text/x-python",
        key=f"{key}_download",
        icon=":material/download:",
        on_click="ignore",
    )
    st.code(script, language="python")
