namespace Lockstep.Gateway.Kinto;

/// <summary>Kinto's table of error numbers (docs/api/1.x/errors.rst). Each answer of 400 and above carries one.</summary>
internal static class KintoErrno
{
    public const int MissingAuthToken = 104;
    public const int InvalidAuthToken = 105;
    public const int InvalidParameters = 107;
    public const int InvalidPostedData = 109;
    public const int InvalidResourceId = 110;
    public const int MissingResource = 111;
    public const int RequestTooLarge = 113;
    public const int ModifiedMeanwhile = 114;
    public const int MethodNotAllowed = 115;
    public const int VersionNotAvailable = 116;
    public const int TooManyRequests = 117;
    public const int Forbidden = 121;
    public const int Undefined = 999;
    public const int Backend = 201;
    public const int ServiceDeprecated = 202;
}
