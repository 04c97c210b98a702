from leukview.imaging.scan import scan
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import load
from leukview.workflows.classify_folder import classify_folder


def truths(folder, model):
    run = classify_folder(scan([folder]).images, Classifier(load(model), "cpu"))
    return {r.image.name: r.true_class for batch in run for r in batch}


def test_folder_names_give_the_true_class(image_folder, toy_model):
    folder = image_folder({"ALL/1.png": 1, "Healthy/x/2.png": 2, "other/3.png": 3, "4.png": 4})
    assert truths(folder, toy_model) == {
        "ALL/1.png": "all",
        "Healthy/x/2.png": "hem",
        "other/3.png": "",
        "4.png": "",
    }


def test_the_opened_folders_own_name_counts_and_the_innermost_wins(image_folder, toy_model):
    folder = image_folder({"1.png": 1, "hem/2.png": 2}, name="blast")
    assert truths(folder, toy_model) == {"1.png": "all", "hem/2.png": "hem"}


def test_unreadable_images_keep_their_true_class(image_folder, toy_model):
    folder = image_folder({"hem/1.png": 1})
    (folder / "hem" / "1.png").write_bytes(b"")
    assert truths(folder, toy_model) == {"hem/1.png": "hem"}
