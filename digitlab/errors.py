"""Every error digitlab raises on purpose.

```
DigitlabError
├── ConfigError                 a setting is out of its range
├── DatasetError
│   ├── DatasetCorruptError     a data file is not what its publisher shipped
│   └── DatasetUnavailableError no source has the data
├── InkError
│   ├── EmptyInkError           nothing is drawn
│   ├── DrawingError            a canvas drawing cannot be read
│   └── PictureError            a picture file cannot be read
├── LabelledFilesError          a folder or zip of labelled pictures cannot be used
├── ModelStoreError             a model is missing or damaged
│   └── ModelExistsError        another model has this name or id
├── RunError                    a training run is missing or failed
│   └── RunStoppedError         the user stopped it before it had a model
├── OwnerError                  a run, model or data set belongs to another user
└── LimitError                  a visitor of a hosted app has used what is allowed
```

Each message is one or two sentences for the user: what happened, why, and what to do. Pages and
the command line show it unchanged.
"""

import re


class DigitlabError(Exception):
    """Base of all errors whose message is meant for the user."""


class ConfigError(DigitlabError):
    """A setting is out of its range; the message names field, value and range."""


class DatasetError(DigitlabError):
    """Base of the errors about data sets."""


class DatasetCorruptError(DatasetError):
    """A data file is truncated or was changed."""


class DatasetUnavailableError(DatasetError):
    """No source has the data set."""


class InkError(DigitlabError):
    """Base of the errors about drawings and pictures."""


class EmptyInkError(InkError):
    """There is no ink: an empty canvas, or a picture in which nothing stands out."""


class DrawingError(InkError):
    """A canvas drawing cannot be read."""


class PictureError(InkError):
    """A picture file cannot be read."""


class LabelledFilesError(DigitlabError):
    """A folder or zip of labelled pictures cannot be used as a test set or a data set."""


class ModelStoreError(DigitlabError):
    """A model is missing, or its files are damaged."""


class ModelExistsError(ModelStoreError):
    """Another model has this name or id, and replacing it was not requested."""


class RunError(DigitlabError):
    """A training run is missing, could not start, or failed."""


class RunStoppedError(RunError):
    """The user stopped a training run before it had a model."""


class OwnerError(DigitlabError):
    """A run, a model, a data set or a job belongs to another user."""


class LimitError(DigitlabError):
    """A visitor of a hosted app has used what is allowed; the message says the way out."""


_FOLDER = re.compile(r"(?<=['\"])/[^'\"]*/|(?<![\w:/'\"])(?:/[^\s'\"/]+)+/(?=[^\s'\"/])")
_MAX_REASON_LENGTH = 200


def describe_error(error: Exception) -> str:
    """A short reason on one line, without folders of this computer, for messages on pages."""
    strerror = getattr(error, "strerror", None)
    if strerror:
        return str(strerror).lower()
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return _FOLDER.sub("", first_line)[:_MAX_REASON_LENGTH]
