namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>An error as clients receive it.</summary>
/// <param name="Code">HTTP status. It is 401 only if the credential itself is bad, since clients discard it then.</param>
/// <param name="Errno">The number that clients act on.</param>
/// <param name="Message">Text for people.</param>
internal sealed record AccountError(int Code, int Errno, string Message)
{
    /// <summary>Seconds to wait; null for none.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The name of the parameter at fault; null for none.</summary>
    public string? Parameter { get; init; }

    /// <summary>The address as it was typed when the account was made.</summary>
    public string? Email { get; init; }

    public static AccountError Exists { get; } = new(400, 101, "An account of this address exists");

    public static AccountError Unknown { get; } = new(400, 102, "Unknown account");

    /// <summary>Also for an account that does not exist, unless <see cref="FirefoxAccountOptions.OldStretch"/> is on.</summary>
    public static AccountError WrongPassword { get; } = new(400, 103, "Incorrect address or password");

    public static AccountError EmailUnverified { get; } = new(400, 104, "The address is not verified");

    public static AccountError WrongCode { get; } = new(400, 105, "The code is wrong, or over");

    public static AccountError NoJson { get; } = new(400, 106, "Invalid JSON in request body");

    public static AccountError BadSignature { get; } = new(401, 109, "Invalid request signature");

    public static AccountError NoCredential { get; } = new(401, 110, "Invalid or missing credential");

    public static AccountError NotFound { get; } = new(404, 116, "There is no such endpoint");

    public static AccountError UnknownDevice { get; } = new(400, 123, "Unknown device");

    public static AccountError DeviceConflict { get; } = new(400, 124, "The session has another device");

    public static AccountError SessionUnverified { get; } = new(400, 138, "The session is not verified");

    public static AccountError TotpExists { get; } = new(400, 154, "A second factor is set up already");

    public static AccountError NoTotp { get; } = new(400, 155, "There is no second factor");

    public static AccountError WrongRecoveryCode { get; } = new(400, 156, "The recovery code is wrong");

    public static AccountError NoSuchCommand { get; } = new(400, 157, "The device does not take this command");

    public static AccountError NoRecoveryKey { get; } = new(400, 158, "There is no recovery key");

    public static AccountError WrongRecoveryKey { get; } = new(400, 159, "The recovery key is wrong");

    public static AccountError TotpNeeded { get; } = new(400, 160, "A code of the second factor is needed");

    public static AccountError UnknownClient { get; } = new(400, 162, "Unknown client");

    public static AccountError BadScopes { get; } = new(400, 163, "The client may not have these scopes");

    public static AccountError BadRedirect { get; } = new(400, 167, "Incorrect redirect_uri");

    public static AccountError BadResponseType { get; } = new(400, 168, "response_type must be code");

    public static AccountError NoPkce { get; } = new(400, 169, "PKCE with S256 is needed");

    public static AccountError UnknownOAuthCode { get; } = new(400, 172, "Unknown authorization code");

    public static AccountError OtherClientsCode { get; } = new(400, 173, "The authorization code is another client's");

    public static AccountError WrongVerifier { get; } = new(400, 175, "The code_verifier does not fit");

    public static AccountError WrongTotp { get; } = new(400, 183, "The code of the second factor is wrong");

    /// <summary>The server lacks an answer from elsewhere, or all places are taken. Nothing was done.</summary>
    public static AccountError NotNow { get; } = new(503, 201, "Service unavailable") { RetryAfter = 10 };

    public static AccountError NoMail { get; } = new(503, 202, "This server sends no mail");

    public static AccountError NoRegistration { get; } = new(403, 207, "This server makes no account for this address");

    public static AccountError TooManyAppPasswords { get; } = new(400, 208, "There are as many app passwords as there may be: end one first");

    public static AccountError Fault { get; } = new(500, 999, "Unspecified error");

    public static AccountError Invalid(string parameter) => new(400, 107, $"Invalid parameter in request: {parameter}") { Parameter = parameter };

    public static AccountError Missing(string parameter) => new(400, 108, $"Missing parameter in request: {parameter}") { Parameter = parameter };

    public static AccountError TooMany(TimeSpan wait) => new(429, 114, "Too many tries") { RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) };
}
