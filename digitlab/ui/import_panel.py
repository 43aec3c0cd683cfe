"""An upload that a process of its own imports: the uploader's key, the progress, the error."""

from collections.abc import Callable
from pathlib import PurePath

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digitlab.errors import DigitlabError
from digitlab.step_jobs import StepStatus
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import render_error, shorten
from digitlab.upload_jobs import UploadJob
from digitlab.zip_safety import MAX_UPLOAD_MB

_INTERVAL_S = 0.4


class ImportPanel:
    """One place for imports; what is under way lives in the session, also while the page is left.

    Attributes:
        key: begins the keys of its widgets.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        # Streamlit drops a widget's state when its page is left; these keys are kept.
        self._job, self._problem = f"{key}_job", f"{key}_problem"
        self._version = f"{key}_version"

    @property
    def has_news(self) -> bool:
        """Whether there is progress or an error to show."""
        return self.is_running or self._problem in st.session_state

    @property
    def is_running(self) -> bool:
        """Whether an import was started and its end was not shown yet."""
        return self._job in st.session_state

    def render_uploader(self, label: str, types: list[str] | None = None) -> UploadedFile | None:
        """Render the file uploader, which is empty after an import; returns the chosen file."""
        file: UploadedFile | None = st.file_uploader(
            label,
            type=types,
            # A new key makes an empty uploader.
            key=f"{self.key}_file_{st.session_state.get(self._version, 0)}",
            max_upload_size=MAX_UPLOAD_MB,
        )
        return file

    def render_name(
        self, file: UploadedFile | None, place: DeltaGenerator, *, max_length: int
    ) -> str:
        """Render the field for the name, which the file's name is proposed for.

        Returns:
            The key of the field: a callback reads it, with what was typed last.
        """
        # A new file makes a new field.
        key = f"{self.key}_name_{file.file_id if file else ''}"
        proposed = shorten(PurePath(file.name).stem)[:max_length] if file else ""
        place.text_input("Name", proposed, key=key, max_chars=max_length)
        return key

    def start(self, start: Callable[[], UploadJob]) -> None:
        """Start an import, in a callback; `render_problem` shows its error."""
        st.session_state.pop(self._problem, None)
        try:
            st.session_state[self._job] = start()
        except DigitlabError as error:
            st.session_state[self._problem] = str(error)

    def render_problem(self) -> None:
        """Show why the last import failed, until the next one starts."""
        if self._problem in st.session_state:
            render_error(st.session_state[self._problem])

    def render_progress(
        self, describe: Callable[[StepStatus], str], on_done: Callable[[str], None]
    ) -> None:
        """Show the progress of the import that is under way.

        Args:
            describe: the text of the progress bar.
            on_done: called with the id of what was made, before the page runs again.
        """
        st.fragment(self._render_progress, run_every=_INTERVAL_S)(describe, on_done)

    def _render_progress(
        self, describe: Callable[[StepStatus], str], on_done: Callable[[str], None]
    ) -> None:
        job: UploadJob = st.session_state[self._job]
        try:
            status = job.inspect()
            if status.state == "failed":
                st.session_state[self._problem] = status.message
            elif status.is_final:
                on_done(job.read_result())
            is_final = status.is_final
        except DigitlabError as error:
            st.session_state[self._problem] = str(error)
            is_final = True
        if is_final:
            self._end(job)
            # What it made is shown outside this fragment.
            st.rerun()
        st.progress(status.fraction, describe(status))
        st.button("Cancel", key=f"{self.key}_cancel", icon=":material/close:",
                  on_click=callback(self._end, whole_page=True), args=(job,))  # fmt: skip

    def _end(self, job: UploadJob) -> None:
        job.discard()
        st.session_state.pop(self._job, None)
        st.session_state[self._version] = st.session_state.get(self._version, 0) + 1
