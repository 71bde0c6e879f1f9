using System.Globalization;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Sync15;

/// <summary>A user of Sync, by the number of their storage.</summary>
internal static class SyncPrincipal
{
    /// <param name="number">Of the storage.</param>
    /// <param name="quotaBytes">What may be stored; null for what the settings say.</param>
    public static Principal Of(long number, long? quotaBytes)
    {
        var uid = number.ToString(CultureInfo.InvariantCulture);

        // A store is closed by its number, as an account is: a token that lives on writes nothing to it then, at whatever gateway.
        return new Principal("sync:" + uid, uid, uid) { Ref = new AccountRef(number, ServerTimestamp.Zero), QuotaBytes = quotaBytes };
    }
}
