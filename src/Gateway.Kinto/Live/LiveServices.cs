using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>The services that all streams share.</summary>
internal sealed record LiveServices(
    BucketSubscriptions Subscriptions, SharedReads Reads, LiveTickets Tickets, KintoOptions Options, GatewayMetrics Metrics, TimeProvider Time)
{
    // How often credentials are checked. A password is usually in the cache; for a token, another server may have to be asked.
    private static readonly TimeSpan SignInTime = TimeSpan.FromSeconds(30);

    /// <summary>Who opened a stream. Their credentials are checked again now and then, as often as for a client that polls every half minute.</summary>
    public Identity IdentityOf(KintoRequest request) => new(this, request);

    /// <summary>Who opened one stream.</summary>
    internal sealed class Identity(LiveServices live, KintoRequest request)
    {
        private long asked = live.Time.GetTimestamp();

        /// <returns>False when the credentials are no longer good. If that cannot be checked now, they count as good: a stream cannot read anything then either.</returns>
        public async ValueTask<bool> IsGoodAsync(CancellationToken cancellationToken)
        {
            if (request.Principal is not { } principal || live.Time.GetElapsedTime(asked) < SignInTime)
            {
                return true;
            }

            asked = live.Time.GetTimestamp();
            try
            {
                if (request.Header("Authorization") is not { Length: > 0 } header)
                {
                    return await live.Tickets.IsGoodAsync(request, cancellationToken);
                }

                var now = await request.SignInAsync(header, cancellationToken);
                return now.Status is SignInStatus.Busy or SignInStatus.Throttled
                    || (now.Principal is { } same && string.Equals(same.Id, principal.Id, StringComparison.Ordinal) && same.Ref == principal.Ref);
            }
            catch (StoreUnavailableException)
            {
                return true;
            }
        }
    }
}
