using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>Settings of the captcha that clients show to users who make an account.</summary>
public sealed record CaptchaOptions
{
    /// <summary>Whether a captcha is required for accounts that anybody may make. Default: false.</summary>
    public bool Enabled { get; init; }

    /// <summary>How long a captcha is valid. Clients show it on the page on which the account is made. Default: 30 minutes.</summary>
    [Bounds(BoundsAttribute.Minute)]
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(30);
}
