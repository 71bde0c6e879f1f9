using Orleans.Messaging;

namespace Lockstep.Silo.Routing;

/// <summary>
/// Gives an Orleans client one silo to enter by. Orleans reads the list when it starts, and on a schedule that is set to never. If it reads the list at any other time,
/// it has nowhere to send to: the connection broke, or the silo said that it is about to stop.
/// </summary>
/// <param name="gateway">The silo.</param>
/// <param name="onNowhereToSend">Called each time that happens, while a call waits to be sent.</param>
internal sealed class OneGateway(Uri gateway, Action onNowhereToSend) : IGatewayListProvider
{
    /// <summary>Means never. If the time comes all the same, a healthy route rests for some seconds.</summary>
    public static readonly TimeSpan Never = TimeSpan.FromDays(40);

    private bool wasRead;

    public TimeSpan MaxStaleness => Never;

    [Obsolete("Orleans asks for it no more.")]
    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public Task<IList<Uri>> GetGateways()
    {
        if (wasRead)
        {
            onNowhereToSend();
        }

        wasRead = true;
        return Task.FromResult<IList<Uri>>([gateway]);
    }
}
