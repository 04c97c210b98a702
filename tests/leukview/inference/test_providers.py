import onnx
import onnxruntime as ort
import pytest

from leukview.domain.errors import DeviceError, UsageError
from leukview.inference import providers


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(providers, "_gpus", lambda: ())


def test_the_one_node_model_is_valid_onnx():
    onnx.checker.check_model(onnx.load_from_string(providers.one_node_model()), full_check=True)


def test_the_cpu_can_always_be_asked_for(toy_model):
    session, device = providers.open_session(toy_model.read_bytes(), "cpu")
    assert session.get_providers() == [providers.CPU]
    assert (device.name, device.fell_back, device.reason) == ("cpu", False, "")
    assert device.label.startswith("CPU · ")


def test_without_a_driver_auto_takes_the_cpu_and_nobody_is_alarmed(toy_model, no_gpu):
    _, device = providers.open_session(toy_model.read_bytes(), "auto")
    assert (device.name, device.fell_back) == ("cpu", False)
    assert device.reason


def test_a_gpu_asked_for_by_name_and_not_there_is_said(toy_model, no_gpu):
    _, device = providers.open_session(toy_model.read_bytes(), "cuda")
    assert (device.name, device.fell_back) == ("cpu", True)
    with pytest.raises(DeviceError, match="The GPU was required and cannot be used"):
        providers.open_session(toy_model.read_bytes(), "auto", require=True)


def test_only_the_sessions_own_list_counts(toy_model, monkeypatch):
    """onnxruntime falls back without an error where the CUDA libraries are missing."""
    monkeypatch.setattr(providers, "_gpus", lambda: ("Made-up GPU",))
    monkeypatch.setattr(providers, "_preload", lambda: None)
    monkeypatch.setattr(
        providers.ort, "get_available_providers", lambda: [providers.CUDA, providers.CPU]
    )
    real = ort.InferenceSession
    monkeypatch.setattr(
        providers.ort,
        "InferenceSession",
        lambda data, options, providers: real(data, options, providers=["CPUExecutionProvider"]),
    )
    _, device = providers.open_session(toy_model.read_bytes(), "auto")
    assert (device.name, device.fell_back) == ("cpu", True)
    assert "could not load the CUDA libraries" in device.reason
    _, device = providers.open_session(toy_model.read_bytes(), "cuda:3")
    assert "no GPU 3" in device.reason


def test_an_exception_of_cuda_becomes_the_reason(toy_model, monkeypatch):
    monkeypatch.setattr(providers, "_gpus", lambda: ("Made-up GPU",))
    monkeypatch.setattr(providers, "_preload", lambda: None)
    monkeypatch.setattr(
        providers.ort, "get_available_providers", lambda: [providers.CUDA, providers.CPU]
    )
    real = ort.InferenceSession

    def refuse(data, options, providers):
        if len(providers) > 1:
            raise RuntimeError("CUDA failure 35\nmore")
        return real(data, options, providers=providers)

    monkeypatch.setattr(providers.ort, "InferenceSession", refuse)
    _, device = providers.open_session(toy_model.read_bytes(), "auto")
    assert device.fell_back
    assert "CUDA failure 35" in device.reason


def test_probe_runs_the_node_on_the_cpu(no_gpu):
    cpu = [probe for probe in providers.probe() if probe.provider == providers.CPU]
    assert cpu == [providers.Probe(providers.CPU, True, (providers.CPU,), "")]


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "CPU", ""])
def test_a_device_that_does_not_exist_is_refused(name):
    with pytest.raises(UsageError, match="There is no device"):
        providers.check_name(name)
