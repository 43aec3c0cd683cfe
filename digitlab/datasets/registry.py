"""The data sets: facts about each, download addresses and checksums."""

from dataclasses import replace
from typing import Any

from digitlab.datasets.spec import DatasetSpec, RemoteFile
from digitlab.datasets.user_datasets import (
    IMAGES_FILE,
    UserDataset,
    find_user_dataset,
    get_user_dataset_dir,
    list_user_datasets,
)
from digitlab.errors import ConfigError, DatasetUnavailableError
from digitlab.owners import LOCAL_OWNER

# Shown beside every number and chart that is based on the offline sample.
SAMPLE_NOTE = (
    "Trained and tested on the offline sample of 5,000 MNIST digits (4,000 for training, 1,000 for "
    "testing), not on the full data set: results are less precise."
)


UNVERIFIED_NOTE = (
    "Unverified copy: the files of this data set are not the publisher's own, so the images may "
    "differ from the original."
)


_FASHION_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def _fashion_file(name: str, size_bytes: int, sha256: str) -> RemoteFile:
    return RemoteFile(name, _FASHION_URL + name, size_bytes, sha256, (f"fashion-mnist/{name}",))


_MNIST = DatasetSpec(
    id="mnist",
    label="MNIST handwritten digits",
    image_shape=(28, 28),
    class_names=tuple("0123456789"),
    n_train=60_000,
    n_test=10_000,
    files=(
        RemoteFile(
            "mnist.npz",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            11_490_434,
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ("mnist.npz",),
        ),
    ),
    layout="npz",
    licence="CC BY-SA 3.0 (Yann LeCun, Corinna Cortes)",
    homepage="http://yann.lecun.com/exdb/mnist/",
    array_sha256={
        "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
    is_digits=True,
    has_sample=True,
)

_SPECS = (
    _MNIST,
    DatasetSpec(
        id="fashion_mnist",
        label="Fashion-MNIST clothes",
        image_shape=(28, 28),
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        n_train=60_000,
        n_test=10_000,
        files=(
            _fashion_file(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            _fashion_file(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            _fashion_file(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            _fashion_file(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        layout="idx",
        licence="MIT (Zalando SE)",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        # Of the files above; Debian's package has the same data in files of other sha256.
        array_sha256={
            "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
            "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
            "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
            "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        },
    ),
    DatasetSpec(
        id="cifar10",
        label="CIFAR-10 photos",
        image_shape=(32, 32, 3),
        class_names=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        n_train=50_000,
        n_test=10_000,
        files=(
            RemoteFile(
                "cifar-10-python.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                170_498_071,
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                ("cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"),
            ),
        ),
        layout="cifar",
        licence="none stated; free for research (Alex Krizhevsky)",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    ),
    DatasetSpec(
        id="handwriting",
        label="MNIST, pen strokes and non-digits",
        image_shape=(28, 28),
        class_names=(*"0123456789", "no digit"),
        n_train=0,
        n_test=10_000,
        files=(),
        layout="derived",
        licence="MNIST: CC BY-SA 3.0; pen strokes: CC BY 4.0 (UNIPEN)",
        homepage=(
            "http://yann.lecun.com/exdb/mnist/ and UNIPEN train_r01_v07, "
            "https://zenodo.org/records/1195803"
        ),
        is_digits=True,
        base=_MNIST,
        synthesis="handwriting",
    ),
)

DATASETS: dict[str, DatasetSpec] = {spec.id: spec for spec in _SPECS}


def _build_copy(dataset_id: str, copy_id: str, **changes: Any) -> DatasetSpec:
    file = RemoteFile(f"{copy_id}.npz", "", 0, "")
    original = DATASETS[dataset_id]
    return replace(original, id=copy_id, copy_of=dataset_id, files=(file,), **changes)


# Accepted from the folder in DIGITLAB_DATA where the original is missing, and named wherever
# results are shown.
COPIES = (
    _build_copy(
        "cifar10",
        "cifar10_jpeg",
        label="CIFAR-10 photos (JPEG copy)",
        layout="jpeg",
        note="Unverified copy: these are CIFAR-10's photos after lossy JPEG compression. Results "
        "on the original may differ.",
    ),
    _build_copy(
        "cifar10",
        "cifar10_first4000",
        label="CIFAR-10 photos (the first 4,000)",
        layout="part",
        n_train=3_000,
        n_test=1_000,
        note="Unverified copy: these are the first 4,000 training photos of CIFAR-10 only, 3,000 "
        "for training and 1,000 for testing. Results are less precise.",
    ),
)


def find_dataset_spec(dataset_id: str) -> DatasetSpec | None:
    """The published or the user's data set with this id, deleted or not; None if there is none."""
    if dataset_id in DATASETS:
        return DATASETS[dataset_id]
    own = find_user_dataset(dataset_id)
    return None if own is None else _build_user_spec(own)


def find_test_set_spec(test_set_id: str) -> DatasetSpec | None:
    """The data set or copy with this id; None if there is none, as for a user's test set."""
    copies = {spec.id: spec for spec in COPIES}
    return find_dataset_spec(test_set_id) or copies.get(test_set_id)


def get_dataset_spec(dataset_id: str) -> DatasetSpec:
    """Return the spec with this id. A data set that was deleted has one too.

    Raises:
        ConfigError: no data set has this id.
    """
    spec = find_dataset_spec(dataset_id)
    if spec is None:
        known = ", ".join(one.id for one in list_dataset_specs(viewer=""))
        raise ConfigError(f"dataset is {dataset_id!r}; it must be one of {known}.")
    return spec


def list_dataset_specs(*, viewer: str = LOCAL_OWNER) -> list[DatasetSpec]:
    """The published data sets, then those of users that the viewer sees."""
    return [*DATASETS.values(), *map(_build_user_spec, list_user_datasets(viewer=viewer))]


def check_is_not_deleted(spec: DatasetSpec) -> None:
    """Check that a run on a data set can start.

    Raises:
        DatasetUnavailableError: the user has deleted it.
    """
    if spec.is_deleted:
        raise DatasetUnavailableError(
            f"The data set {spec.label} was deleted. Import its pictures again, or choose another "
            "data set."
        )


def _build_user_spec(own: UserDataset) -> DatasetSpec:
    return DatasetSpec(
        id=own.id,
        label=own.label,
        image_shape=(own.image_px, own.image_px, 3),
        class_names=tuple(own.class_names),
        n_train=own.n_train,
        n_test=own.n_test,
        files=(RemoteFile(IMAGES_FILE, "", own.file_bytes, own.file_sha256),),
        layout="npz",
        licence="licence not stated",
        homepage="imported pictures",
        folder=get_user_dataset_dir(own.id),
    )
