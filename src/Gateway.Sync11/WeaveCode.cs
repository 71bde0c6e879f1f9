namespace Lockstep.Gateway.Sync11;

/// <summary>The numbers in the bodies of errors, as clients know them.</summary>
/// <remarks>https://mozilla-services.readthedocs.io, "Response codes".</remarks>
internal static class WeaveCode
{
    public const int BadCaptcha = 2;
    public const int UnknownUser = 3;
    public const int CannotOverwrite = 4;
    public const int NoJson = 6;
    public const int NoPassword = 7;
    public const int InvalidRecord = 8;
    public const int WeakPassword = 9;
    public const int BadResetCode = 10;
    public const int NoAddress = 12;
    public const int InvalidCollection = 13;
    public const int OverQuota = 14;
    public const int NameIsNotOfAddress = 15;
}
