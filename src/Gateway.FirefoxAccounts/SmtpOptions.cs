using System.ComponentModel.DataAnnotations;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>How mails are sent.</summary>
public sealed record SmtpOptions
{
    /// <summary>The mail server. Default: none. Then no mails are sent, and addresses are not verified.</summary>
    public string? Host { get; init; }

    /// <summary>Its port. Default: 587.</summary>
    [Bounds(1, 65_535)]
    public int Port { get; init; } = 587;

    /// <summary>How the connection is secured: <c>starttls</c>, <c>tls</c>, or <c>none</c> for a mail server on this machine. Default: starttls.</summary>
    [AllowedValues("starttls", "tls", "none")]
    public string Security { get; init; } = "starttls";

    /// <summary>The user to sign in as. Default: none.</summary>
    public string? User { get; init; }

    /// <summary>Their password. Default: none.</summary>
    [Secret]
    public string? Password { get; init; }

    /// <summary>The sender's address. Default: none.</summary>
    public string? From { get; init; }

    public bool IsOn => Host is { Length: > 0 };
}
