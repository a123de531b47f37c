"""The fast training step against sae-lens's."""

import pytest

D_IN, D_SAE, K = 16, 64, 4


def two_saes():
    """Ours and sae-lens's with the same weights, and a batch; decoder rows of any length."""
    import torch
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig

    from core.sae.train.fast_topk import training_sae

    cfg = TopKTrainingSAEConfig(d_in=D_IN, d_sae=D_SAE, k=K, aux_loss_coefficient=1 / 32)
    ours, theirs = training_sae(cfg, torch.float32), TopKTrainingSAE(cfg)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in ours.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs, torch.randn(50, D_IN, generator=generator)


def gradients(sae, step):
    output = sae.training_forward_pass(step)
    output.loss.backward()
    return output, {name: weight.grad for name, weight in sae.named_parameters()}


@pytest.mark.parametrize("n_dead", [0, 3, 20])
def test_the_fast_step_has_all_but_the_decoders_gradients_of_the_dense_one(n_dead):
    import torch
    from sae_lens.saes.sae import TrainStepInput

    ours, theirs, x = two_saes()
    dead = torch.arange(D_SAE) < n_dead
    step = TrainStepInput(x, {}, dead, 0, False)
    output, found = gradients(ours, step)
    reference, expected = gradients(theirs, step)
    for name, loss in reference.losses.items():
        torch.testing.assert_close(output.losses[name], loss)
    torch.testing.assert_close(output.feature_acts.to_dense(), reference.feature_acts.to_dense())
    for name in ("W_enc", "b_enc", "b_dec"):
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("prefixes", [(), (8, 32)])
def test_the_decoder_norm_counts_as_a_constant_on_the_encoder_side(prefixes):
    """With prefixes: the first latents alone must reconstruct too (Matryoshka), each a dense loss here."""
    import torch
    from sae_lens.saes.sae import TrainStepInput

    ours, dense, x = two_saes()
    ours.prefixes = prefixes
    _, found = gradients(ours, TrainStepInput(x, {}, torch.zeros(D_SAE, dtype=torch.bool), 0, False))
    norm = dense.W_dec.norm(dim=-1)
    pre = ((x - dense.b_dec) @ dense.W_enc + dense.b_enc) * norm.detach()
    values, latents = pre.topk(K, dim=-1)
    acts = torch.zeros_like(pre).scatter(1, latents, values.relu())
    for width in (*prefixes, D_SAE):
        first = acts * (torch.arange(D_SAE) < width)
        (first @ (dense.W_dec / norm[:, None]) + dense.b_dec - x).pow(2).sum(-1).mean().backward(retain_graph=True)
    for name, weight in dense.named_parameters():
        torch.testing.assert_close(found[name], weight.grad, rtol=1e-4, atol=1e-5)
