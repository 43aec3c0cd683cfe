"""When a model has to be exported again."""

from digitlab.evaluation.exports import ExportedFile, is_up_to_date
from digitlab.model_store.formats import MODEL_FORMATS


def test_only_a_format_without_its_package_may_be_missing():
    complete = {each.id: ExportedFile(each.id, 1) for each in MODEL_FORMATS}
    assert is_up_to_date(complete)
    assert not is_up_to_date({})
    assert not is_up_to_date({key: one for key, one in complete.items() if key != "h5"})
    assert not is_up_to_date(complete | {"h5": ExportedFile("h5", note="its export failed")})
    [onnx] = [each for each in MODEL_FORMATS if each.id == "onnx"]
    noted = complete | {"onnx": ExportedFile("onnx", note="the package is not installed")}
    assert is_up_to_date(noted) != onnx.is_package_installed
