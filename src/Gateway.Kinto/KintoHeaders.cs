using System.Globalization;

namespace Lockstep.Gateway.Kinto;

/// <summary>The headers of an answer, alone or inside a batch.</summary>
internal static class KintoHeaders
{
    /// <summary>The headers that browsers may read: all that any answer may carry, so that no endpoint forgets one.</summary>
    public const string Exposed =
        "Accept-Encoding, Backoff, Retry-After, Alert, Content-Length, Content-Type, ETag, Last-Modified, Cache-Control, Expires, Pragma, Next-Page, Total-Objects, Total-Records, Quota-Remaining-Bytes, Quota-Remaining-Records";

    /// <summary>Bytes of data that may still be written in the same place.</summary>
    public const string BytesLeft = "Quota-Remaining-Bytes";

    /// <summary>Records that may still be created in the same place.</summary>
    public const string RecordsLeft = "Quota-Remaining-Records";

    /// <summary>Backoff in seconds for clients of a bucket whose clock is ahead.</summary>
    private const int SlowDownSeconds = 10;

    /// <summary>Adds the headers to the existing ones.</summary>
    public static void AddTo(List<KeyValuePair<string, string>> headers, KintoResponse response, KintoOptions options)
    {
        if (response.Body is not null)
        {
            headers.Add(KeyValuePair.Create("Content-Type", response.ContentType));
        }

        if (response.Stamp is { } stamp)
        {
            headers.Add(KeyValuePair.Create("ETag", KintoResponse.ETag(stamp)));
            headers.Add(KeyValuePair.Create("Last-Modified", KintoResponse.LastModified(stamp)));
        }

        headers.AddRange(response.Headers);
        if (response.IsChallenge)
        {
            headers.Add(KeyValuePair.Create("WWW-Authenticate", options.Challenge));
        }

        if (Backoff(response, options) is { } backoff)
        {
            headers.Add(KeyValuePair.Create("Backoff", backoff));
        }
    }

    public static string? Backoff(KintoResponse response, KintoOptions options)
    {
        var seconds = Math.Max(options.Backoff, response.SlowDown ? SlowDownSeconds : 0);
        return seconds > 0 ? seconds.ToString(CultureInfo.InvariantCulture) : null;
    }
}
