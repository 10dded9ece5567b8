"""Which message broker a service uses."""

from backend.messaging.port import Broker
from backend.messaging.postgres import PostgresBroker
from backend.messaging.rabbitmq import RabbitBroker
from backend.services.common.database import Pool
from backend.services.common.settings import ServiceSettings


def make_broker(settings: ServiceSettings, operations: Pool, *, name: str) -> Broker:
    """RabbitMQ when its address is set, else the queues in the operations database.

    Enter it in the application's lifespan, after the pool. `name` is shown in RabbitMQ's list of connections.
    """
    if settings.amqp_url is None:
        return PostgresBroker(operations)
    management = settings.amqp_management_url
    return RabbitBroker(
        settings.amqp_url.get_secret_value(),
        name=name,
        management_url=management.get_secret_value() if management else None,
    )
