"""Language models: loading, chat templates, running up to a hook point, losses, answers, fine-tuning, endpoints."""
