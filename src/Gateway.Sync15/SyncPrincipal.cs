using System.Globalization;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Sync15;

/// <summary>A user of Sync, by the number of their storage.</summary>
internal static class SyncPrincipal
{
    /// <param name="number">The storage's number.</param>
    /// <param name="quotaBytes">How much may be stored; null for the limit of the settings.</param>
    public static Principal Of(long number, long? quotaBytes)
    {
        var uid = number.ToString(CultureInfo.InvariantCulture);

        // A store is closed by its number, like an account. After that a token that is still valid cannot write to it, at any gateway.
        return new Principal("sync:" + uid, uid, uid) { Ref = new AccountRef(number, ServerTimestamp.Zero), QuotaBytes = quotaBytes };
    }
}
