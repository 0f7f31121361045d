"""The write-up's InfoGAN in PyTorch, for comparison in `speed.py`.

Three optimizers and three updates for each batch, as in most public code.
Needs only PyTorch. Preset `writeup` has the same networks.
"""

import itertools
from collections.abc import Callable

import torch
from torch import nn

NOISE_DIM, NUM_CATEGORIES, CONTINUOUS_DIM = 62, 10, 2


class Generator(nn.Module):
    """Dense to 8x8x128, twice upsampled, three convolutions."""

    def __init__(self) -> None:
        super().__init__()
        num_inputs = NOISE_DIM + NUM_CATEGORIES + CONTINUOUS_DIM
        self.dense = nn.Linear(num_inputs, 128 * 8 * 8)
        layers: list[nn.Module] = [nn.BatchNorm2d(128)]
        for channels, filters in ((128, 128), (128, 64)):
            layers += [
                nn.Upsample(scale_factor=2),
                nn.Conv2d(channels, filters, 3, padding=1),
                nn.BatchNorm2d(filters),
                nn.LeakyReLU(0.2),
            ]
        self.convolutions = nn.Sequential(
            *layers, nn.Conv2d(64, 1, 3, padding=1), nn.Tanh()
        )

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return self.convolutions(self.dense(latents).view(-1, 128, 8, 8))


class Discriminator(nn.Module):
    """Four convolutions of stride 2, and three linear heads."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels, filters in ((1, 16), (16, 32), (32, 64), (64, 128)):
            layers += [
                nn.Conv2d(channels, filters, 3, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                nn.Dropout2d(0.25),
            ]
            if channels > 1:
                layers.append(nn.BatchNorm2d(filters))
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        self.logits = nn.Linear(128 * 2 * 2, 1)
        self.category = nn.Linear(128 * 2 * 2, NUM_CATEGORIES)
        self.continuous = nn.Linear(128 * 2 * 2, CONTINUOUS_DIM)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = self.trunk(images)
        return (
            self.logits(features),
            self.category(features),
            self.continuous(features),
        )


def make_trainer(batch_size: int) -> Callable[[int], None]:
    """Returns a function that trains on random images for some steps."""
    torch.manual_seed(0)
    generator, discriminator = Generator(), Discriminator()
    images = torch.rand(6000, 1, 32, 32) * 2.0 - 1.0

    def adam(parameters):
        return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))

    of_generator = adam(generator.parameters())
    of_discriminator = adam(discriminator.parameters())
    of_information = adam(
        itertools.chain(generator.parameters(), discriminator.parameters())
    )
    squared_error, cross_entropy = nn.MSELoss(), nn.CrossEntropyLoss()
    ones, zeros = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)

    def sample() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        category = torch.randint(0, NUM_CATEGORIES, (batch_size,))
        continuous = torch.rand(batch_size, CONTINUOUS_DIM) * 2.0 - 1.0
        noise = torch.randn(batch_size, NOISE_DIM)
        one_hot = nn.functional.one_hot(category, NUM_CATEGORIES)
        return torch.cat([noise, one_hot, continuous], 1), category, continuous

    def step() -> None:
        of_generator.zero_grad()
        fake = generator(sample()[0])
        squared_error(discriminator(fake)[0], ones).backward()
        of_generator.step()

        of_discriminator.zero_grad()
        real = images[torch.randint(0, len(images), (batch_size,))]
        loss = squared_error(discriminator(real)[0], ones)
        loss += squared_error(discriminator(fake.detach())[0], zeros)
        (loss / 2.0).backward()
        of_discriminator.step()

        of_information.zero_grad()
        latents, category, continuous = sample()
        _, logits, mean = discriminator(generator(latents))
        loss = cross_entropy(logits, category)
        loss += 0.1 * squared_error(mean, continuous)
        loss.backward()
        of_information.step()

    def train(num_steps: int) -> None:
        for _ in range(num_steps):
            step()

    return train


def make_generator() -> Callable[[int], None]:
    """Returns a function that generates a batch of images."""
    torch.manual_seed(0)
    generator = Generator().eval()
    num_inputs = NOISE_DIM + NUM_CATEGORIES + CONTINUOUS_DIM

    @torch.inference_mode()
    def generate(num_images: int) -> None:
        generator(torch.randn(num_images, num_inputs)).numpy()

    return generate
