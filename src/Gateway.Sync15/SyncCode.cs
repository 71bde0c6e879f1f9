namespace Lockstep.Gateway.Sync15;

/// <summary>The numbers that are the bodies of errors.</summary>
internal static class SyncCode
{
    public const int Other = 0;
    public const int InvalidRequest = 1;
    public const int InvalidRecord = 8;
    public const int InvalidCollection = 13;
    public const int OverQuota = 14;
    public const int SizeLimit = 17;
}
