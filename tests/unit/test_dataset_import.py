"""The user's pictures become a data set: classes, duplicates, split, limits."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from digitlab.dataset_import import importing
from digitlab.dataset_import.importing import import_pictures, split_images
from digitlab.dataset_import.jobs import start_import
from digitlab.datasets.loading import load_dataset, load_local_dataset, measure_download_bytes
from digitlab.datasets.registry import DATASETS, find_dataset_spec, get_dataset_spec
from digitlab.datasets.user_datasets import (
    delete_user_dataset,
    find_user_dataset,
    list_user_datasets,
)
from digitlab.errors import (
    ConfigError,
    DatasetError,
    DatasetUnavailableError,
    LabelledFilesError,
    OwnerError,
)
from digitlab.inference.photos import fit_photo
from digitlab.ink import decode_picture
from digitlab.paths import get_user_datasets_dir
from digitlab.training.config import TrainConfig
from tests.unit.user_pictures import (
    KINDS,
    build_picture,
    encode_picture,
    list_pictures,
    list_tinted,
    pack_pictures,
)
from tests.unit.user_zip import pack


def import_files(files, label="Shapes", **options):
    return import_pictures(io.BytesIO(pack(files)), label, **options)


def test_a_zip_of_three_classes_becomes_a_data_set():
    steps = []
    own = import_files(list_pictures(10), progress=lambda *step: steps.append(step), image_px=32)
    assert own.id == "shapes"
    assert own.class_names == sorted(KINDS)
    assert (own.n_train, own.n_test, own.counts) == (24, 6, [10, 10, 10])
    assert (own.n_duplicates, own.n_conflicts, own.skipped) == (0, 0, {})
    assert steps[-1] == (30, 30)
    spec = get_dataset_spec("shapes")
    assert (spec.label, spec.image_shape, spec.is_digits) == ("Shapes", (32, 32, 3), False)
    dataset = load_dataset("shapes")
    assert dataset.images_train.shape == (24, 32, 32, 3)
    assert dataset.images_train.dtype == dataset.labels_train.dtype == np.uint8
    assert np.bincount(dataset.labels_test).tolist() == [2, 2, 2]
    assert load_local_dataset("shapes").spec == spec
    assert measure_download_bytes("shapes") == 0
    # A new photo is prepared by the same function.
    picture = fit_photo(decode_picture(encode_picture(build_picture("discs", 3))), (32, 32, 3))
    images = np.concatenate([dataset.images_train, dataset.images_test])
    assert (images == picture).all(axis=(1, 2, 3)).sum() == 1


def test_a_folder_gives_the_same_data_set_as_a_zip(tmp_path):
    files = list(list_pictures(6))
    first = import_files(files)
    for name, content in reversed(files):
        path = tmp_path / name.replace("pictures", "folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_stem(f"other{path.stem}").write_bytes(content)
    again = import_pictures(tmp_path / "folder", "Other name")
    assert again == first
    assert [own.id for own in list_user_datasets()] == ["shapes"]
    assert import_pictures(tmp_path / "folder", "Shapes", image_px=48).id == "shapes_2"


def test_the_name_of_a_published_data_set_is_not_its_id():
    assert import_files(list_pictures(5), "MNIST").id == "mnist_2"
    assert import_files(list_pictures(6), "花").id.startswith("dataset_")
    with pytest.raises(DatasetError, match="1 to 60 printable"):
        import_files(list_pictures(5), " ")


def test_duplicates_are_left_out_and_counted():
    shared = encode_picture(build_picture("discs", 100))
    again = encode_picture(build_picture("discs", 0))
    files = [
        *list_pictures(6), ("discs/again.png", again), ("discs/x.png", shared),
        ("stripes/x.png", shared), ("stripes/y.png", shared),
    ]  # fmt: skip
    own = import_files(files)
    assert (own.n_duplicates, own.n_conflicts, own.counts) == (1, 3, [6, 6, 6])


def test_every_prefix_and_suffix_of_the_training_images_is_stratified():
    images = [np.full((n, 1, 1, 3), k, np.uint8) for k, n in enumerate((100, 50, 10))]
    arrays = split_images(images)
    labels = arrays["y_train"]
    assert np.bincount(labels).tolist() == [80, 40, 8]
    assert np.array_equal(arrays["x_train"][:, 0, 0, 0], labels)
    for part in (labels[:64], labels[-64:], labels[-32:]):
        np.testing.assert_allclose(
            np.bincount(part, minlength=3) / len(part), np.array([80, 40, 8]) / 128, atol=0.05
        )


def test_a_photo_is_upright_as_the_camera_held_it():
    picture = build_picture("stripes", 1)[:64, :64]
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = np.rot90(picture, -1)
    rotated = encode_picture(picture, exif=exif)
    assert np.array_equal(fit_photo(decode_picture(rotated), (64, 64, 3)), upright)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "No labelled pictures were found"),
        ([("a.png", b"x"), ("notes.txt", b"x")], "1 not an image file, 1 not in the folder"),
        (list_tinted(["one"], 5), "pictures of only 1 class; a data set has 2 to 100 classes"),
        (list_tinted([f"c{k}" for k in range(101)], 1), "pictures of 101 classes"),
        ([*list_tinted(["a", "b", "<b>"], 5)][:11],
         "The class “<b>” has only 1 image that can be used; each class needs at least 5"),
        ([*list_tinted(["a", "b"], 5), ("c/x.png", b"broken")], "The class “c” has no image"),
        (list_tinted(["a", "n" * 61], 5), "has 61 characters; at most 60"),
        (list_tinted(["a", "b\x07"], 5), "control characters"),
    ],
    ids=["nothing", "unusable", "1 class", "101 classes", "1 image", "broken", "long", "control"],
)  # fmt: skip
def test_what_is_no_data_set_is_refused_in_one_sentence(files, message):
    with pytest.raises(LabelledFilesError) as raised:
        import_files(files)
    assert message in str(raised.value)
    assert not list_user_datasets()


def test_strange_names_and_a_hundred_classes_work():
    names = ["<b>", "*x*", "$y$", ":red[x]", "n" * 60, "10", "2", *(f"c{k}" for k in range(93))]
    own = import_files(list_tinted(names, 5))
    assert set(own.class_names) == set(names)
    assert own.class_names.index("2") < own.class_names.index("10")
    assert own.n_test == 100
    assert len(find_dataset_spec(own.id).class_names) == 100


def test_broken_files_are_counted():
    good = encode_picture(build_picture("discs", 200))
    own = import_files([
        *list_pictures(5), ("discs/broken.png", b"no picture"), ("discs/cut.png", good[:200]),
        ("discs/notes.txt", b"x"), ("discs/.hidden.png", good), ("__MACOSX/discs/x.png", b"x"),
        ("../../discs/out.png", good), ("root.png", good),
    ])  # fmt: skip
    assert own.counts == [5, 5, 5]
    assert own.skipped == {
        "damaged, too large or not a picture": 2, "not an image file": 1, "hidden system file": 2,
        "the path leads outside the zip": 1, "not in the folder of a class": 1,
    }  # fmt: skip


def test_a_zip_bomb_is_skipped():
    own = import_files([*list_pictures(5), ("discs/bomb.png", bytes(100_000_000))])
    assert own.skipped == {"larger than 20 MB": 1}


def test_links_in_a_folder_are_not_followed(tmp_path):
    for name, content in list_pictures(5):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    secret = tmp_path / "elsewhere" / "secret.png"
    secret.parent.mkdir()
    secret.write_bytes(encode_picture(build_picture("discs", 300)))
    (tmp_path / "set/pictures/discs/link.png").symlink_to(secret)
    (tmp_path / "set/linked").symlink_to(secret.parent)
    own = import_pictures(tmp_path / "set", "Set")
    assert own.skipped == {"not a regular file": 1}
    assert own.counts == [5, 5, 5]


def test_too_many_pixels_name_the_size_that_fits(monkeypatch):
    monkeypatch.setattr(importing, "MAX_ARRAY_BYTES", 15 * 50 * 50 * 3)
    with pytest.raises(LabelledFilesError, match="Choose 48 pixels"):
        import_files(list_pictures(5))


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(LabelledFilesError, match="There is no folder"):
        import_pictures(tmp_path / "nowhere", "Nowhere")


class TestDeletion:
    def test_runs_of_a_deleted_data_set_are_still_described(self):
        own = import_files(list_pictures(5))
        delete_user_dataset(own.id)
        assert list_user_datasets() == []
        spec = get_dataset_spec(own.id)
        assert spec.is_deleted
        assert spec.class_names == tuple(sorted(KINDS))
        assert TrainConfig(dataset=own.id).dataset == own.id
        assert load_local_dataset(own.id) is None
        with pytest.raises(DatasetUnavailableError, match="The data set Shapes was deleted"):
            load_dataset(own.id)
        with pytest.raises(DatasetUnavailableError, match="no data set of yours"):
            delete_user_dataset(own.id)

    def test_the_same_pictures_bring_it_back(self):
        own = import_files(list_pictures(5))
        delete_user_dataset(own.id)
        assert import_files(list_pictures(6)).id == "shapes_2"
        assert import_files(list_pictures(5)).id == "shapes"
        assert load_dataset("shapes").images_test.shape == (3, 64, 64, 3)

    def test_only_the_owner_can_delete_it(self):
        own = import_files(list_pictures(5), owner="alice")
        with pytest.raises(OwnerError):
            delete_user_dataset(own.id, owner="bob")
        assert list_user_datasets(viewer="bob") == []
        assert list_user_datasets(viewer="alice") == [own] == list_user_datasets()

    def test_published_data_sets_cannot_be_deleted(self):
        with pytest.raises(DatasetUnavailableError):
            delete_user_dataset("mnist")


def test_a_damaged_data_set_is_reported():
    own = import_files(list_pictures(5))
    path = own.directory / "images.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DatasetUnavailableError, match="Delete the data set and import"):
        load_dataset(own.id)


def test_an_unknown_data_set_names_the_known_ones():
    import_files(list_pictures(5))
    with pytest.raises(ConfigError, match=", ".join([*DATASETS, "shapes"])):
        TrainConfig(dataset="no_such_set")
    assert find_user_dataset("../shapes") is None


class TestJob:
    def follow(self, job):
        end = time.monotonic() + 120
        while not (status := job.inspect()).is_final:
            assert time.monotonic() < end, status
            time.sleep(0.05)
        return status

    def test_a_zip_is_imported_in_a_process(self):
        job = start_import(pack_pictures(5), "Shapes", image_px=32)
        status = self.follow(job)
        assert (status.state, status.message) == ("done", "")
        assert job.read_result() == "shapes"
        assert get_dataset_spec("shapes").image_shape == (32, 32, 3)
        assert list(get_user_datasets_dir().iterdir()) == [get_user_datasets_dir() / "shapes"]
        job.discard()
        assert not job.directory.exists()

    def test_an_error_is_one_sentence(self):
        status = self.follow(start_import(b"no zip", "Shapes", image_px=32))
        assert status.state == "failed"
        assert "This zip cannot be read" in status.message
