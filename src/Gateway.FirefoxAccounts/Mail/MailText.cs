namespace Lockstep.Gateway.FirefoxAccounts.Mail;

/// <summary>The text of a mail: plain, without links that do anything. A code in it works for one purpose only.</summary>
/// <param name="Subject">One line.</param>
/// <param name="Body">Plain text.</param>
internal sealed record MailText(string Subject, string Body)
{
    public static MailText Verification(string origin, string code) => new(
        "Confirm your address",
        $"""
        Somebody, hopefully you, made an account with this address at {origin}.

        To confirm that the address is yours, enter this code on the page: {code}

        It is good for one hour. If it was not you, do nothing: the account cannot be used.
        """);

    public static MailText Reset(string origin, string code) => new(
        "Reset your password",
        $"""
        Somebody, hopefully you, forgot the password of the account with this address at {origin}.

        To set a new one, enter this code on the page: {code}

        It is good for ten minutes. A new password that is set this way ends what is stored in Sync, unless you have your recovery key.
        If it was not you, do nothing.
        """);

    public static MailText NewSignIn(string origin, string userAgent) => new(
        "A new sign-in to your account",
        $"""
        Somebody, hopefully you, signed in to your account at {origin}.

        The browser calls itself: {userAgent}

        If it was not you, change your password: {origin}/settings
        """);

    public static MailText PasswordChanged(string origin) => new(
        "Your password was changed",
        $"""
        The password of your account at {origin} was changed, and all devices but one were signed out.

        If it was not you, set a new one: {origin}/reset_password
        """);
}
