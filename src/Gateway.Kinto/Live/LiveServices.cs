using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What all streams have in common.</summary>
internal sealed record LiveServices(
    BucketSubscriptions Subscriptions, SharedReads Reads, LiveTickets Tickets, KintoOptions Options, GatewayMetrics Metrics, TimeProvider Time)
{
    // A password is looked up among those that were right lately; a token may have to be asked for.
    private static readonly TimeSpan SignInTime = TimeSpan.FromSeconds(30);

    /// <summary>Who opened a stream, asked now and then whether they still are: as often as a poller would be, who polls each half minute.</summary>
    public Identity IdentityOf(KintoRequest request) => new(this, request);

    internal sealed class Identity(LiveServices live, KintoRequest request)
    {
        private long asked = live.Time.GetTimestamp();

        /// <returns>False when the credentials are good no more. Where nobody can say so now they are: a stream reads nothing then either.</returns>
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
