"""A TopK SAE that trains fast on a processor; imported inside functions only, because it needs torch and sae-lens.

sae-lens's trainer asks an SAE for one thing, `training_forward_pass`. This one does the only dense product there is
(the encoder's, in bf16 where that is faster) and works on the k active latents everywhere else, forward and backward,
instead of on all d_sae of them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig
from sae_lens.saes.sae import TrainStepInput, TrainStepOutput


class TopKEncode(torch.autograd.Function):
    """x (B, d_in) → the k largest pre-activations of each row: values (B, k) float32, latents (B, k) int64.

    The backward pass touches those k latents only; a dense one would cost two more full matrix products.
    """

    @staticmethod
    def forward(ctx, x, w_enc, b_enc, scale, k, dtype):
        pre = torch.addmm(b_enc.to(dtype), x.to(dtype), w_enc.to(dtype)).mul_(scale.to(dtype))  # (B, d_sae)
        values, latents = pre.topk(k, dim=1, sorted=False)  # (B, k) each
        values = values.float().relu_()
        ctx.save_for_backward(x, w_enc, scale, values, latents)
        ctx.mark_non_differentiable(latents)
        return values, latents

    @staticmethod
    def backward(ctx, grad, _):
        x, w_enc, scale, values, latents = ctx.saved_tensors
        grad = grad * (values > 0) * scale[latents]  # (B, k)
        entries = by_latent(latents, grad, w_enc.shape[1])  # (d_sae, B), sparse
        grad_b = torch.zeros_like(scale).index_add_(0, latents.flatten(), grad.flatten())  # (d_sae,)
        grad_x = grad_b @ w_enc.T  # (d_in,): only b_dec needs it, and b_dec enters every row alike
        return grad_x.expand_as(x) / len(x), (entries @ x).T, grad_b, None, None, None  # (B, d_in), (d_in, d_sae)


def by_latent(latents: torch.Tensor, values: torch.Tensor, d_sae: int) -> torch.Tensor:
    """latents, values (B, k) as a sparse CSR matrix (d_sae, B): its product with (B, d_in) sums over the batch."""
    flat, order = latents.flatten().sort(stable=True)  # (B k,)
    pointers = torch.searchsorted(flat, torch.arange(d_sae + 1, device=flat.device))
    rows = torch.div(order, latents.shape[1], rounding_mode="floor")  # (B k,): which row of the batch
    return torch.sparse_csr_tensor(pointers, rows, values.flatten()[order], (d_sae, len(latents)))


class FastTopKTrainingSAE(TopKTrainingSAE):
    """sae-lens's TopKTrainingSAE with a sparse training step; weights, config and saved files are the same."""

    matmul_dtype: torch.dtype = torch.float32
    prefixes: tuple[int, ...] = ()  # widths at which the first latents alone must reconstruct too (arXiv 2503.17547)

    def training_forward_pass(self, step_input: TrainStepInput) -> TrainStepOutput:
        """Reconstruction loss plus the auxiliary loss on dead latents (Gao et al. 2024, arXiv 2406.04093)."""
        x = step_input.sae_in  # (B, d_in)
        norm = self.W_dec.norm(dim=-1)  # (d_sae,)
        scale = norm.detach()
        values, latents = TopKEncode.apply(x - self.b_dec, self.W_enc, self.b_enc, scale, self.cfg.k, self.matmul_dtype)
        directions = self.W_dec / norm[:, None]  # (d_sae, d_in)
        sae_out = F.embedding_bag(latents, directions, per_sample_weights=values, mode="sum") + self.b_dec  # (B, d_in)
        losses = {"mse_loss": (sae_out - x).pow(2).sum(-1).mean()}
        for width in self.prefixes:
            inner = F.embedding_bag(latents, directions, per_sample_weights=values * (latents < width), mode="sum")
            losses[f"inner_mse_loss_{width}"] = (inner + self.b_dec - x).pow(2).sum(-1).mean()
        losses["auxiliary_reconstruction_loss"] = self.dead_latent_loss(x, sae_out, directions, scale, step_input)
        acts = by_latent(latents, values.detach(), self.cfg.d_sae).to_sparse_coo().t()  # (B, d_sae), sparse
        return TrainStepOutput(x, sae_out, acts, acts, sum(losses.values()), losses)

    def dead_latent_loss(self, x, sae_out, directions, scale, step_input) -> torch.Tensor:
        """Let the strongest dead latents reconstruct what the living ones left over (AuxK: arXiv 2406.04093, A.2)."""
        dead = step_input.dead_neuron_mask.nonzero().flatten()  # (D,)
        if not len(dead):
            return sae_out.new_tensor(0.0)
        k_aux = min(x.shape[1] // 2, len(dead))
        pre = ((x - self.b_dec) @ self.W_enc[:, dead] + self.b_enc[dead]) * scale[dead]  # (B, D)
        values, latents = pre.topk(k_aux, dim=1, sorted=False)  # (B, k_aux) each
        recons = torch.zeros_like(pre).scatter(1, latents, values) @ directions[dead]  # (B, d_in)
        share = min(len(dead) / (x.shape[1] // 2), 1.0)
        return self.cfg.aux_loss_coefficient * share * (recons - (x - sae_out).detach()).pow(2).sum(-1).mean()


def training_sae(cfg: TopKTrainingSAEConfig, matmul_dtype: torch.dtype) -> FastTopKTrainingSAE:
    """A fresh one; the encoder's product runs in `matmul_dtype`."""
    sae = FastTopKTrainingSAE(cfg)
    sae.matmul_dtype = matmul_dtype
    return sae
